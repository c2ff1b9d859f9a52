"""Duplicates (重复记录): pairs of records that may be of one person, for a clerk to decide."""
