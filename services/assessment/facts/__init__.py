"""Counted facts (考核事实) and their running tallies: what happened, never to whom."""
