"""Service points (服务网点): where a service is had, with address, phone and hours."""
