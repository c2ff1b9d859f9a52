"""Service agreements (服务协议): between offices, units, liaison staff and landlords."""
