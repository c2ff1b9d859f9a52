"""Services delivered (服务记录)."""
