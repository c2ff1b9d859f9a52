"""Schemes (考核方案): which indicators count how much."""
