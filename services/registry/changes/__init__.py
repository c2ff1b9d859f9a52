"""The feed of changed records, for phones that keep a copy of what they may see."""
