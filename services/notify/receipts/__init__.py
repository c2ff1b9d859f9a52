"""What providers tell us: receipts (状态报告) and texts that people sent (上行短信)."""
