"""Services delivered and appointments (服务记录、预约)."""
