"""Regional agreements (区域协作协议): what two places agreed to exchange, confirmed by both."""
