"""Templates (短信模板): texts that a second person approved; nothing else is ever sent."""
