"""SMPP 3.4: a provider spoken to over one long TCP connection (Short Message Peer-to-Peer)."""
