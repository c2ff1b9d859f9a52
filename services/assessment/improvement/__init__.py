"""Improvement plans (整改提升计划), in place of last-place dismissal (末位淘汰)."""
