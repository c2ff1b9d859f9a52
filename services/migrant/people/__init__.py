"""People (流动人员): whom the welcome desk has met, and what is held about her here."""
