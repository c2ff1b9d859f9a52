"""The evidence log (存证日志): a Merkle tree over the hashes of every message sent and received."""
