"""Who looked (使用记录), from every service together, for the person's portal."""
