"""Clouds (云短信): providers whose HTTP calls are described by data, not by adapters."""
