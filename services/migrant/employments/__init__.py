"""Employment filings (用工备案): an employer files its own hires and leavers and gets receipts."""
