"""Exports (导出): people, households, dwellings or residences of an area as one file, drawn up in
the background, showing what the stated purpose needs and no more."""
