"""CMPP 3.0 (中国移动通信互联网短信网关接口协议): China Mobile Peer to Peer."""
