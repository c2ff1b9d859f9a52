"""Campaigns (群发): one text to everyone in a region who agreed to that kind of text."""
