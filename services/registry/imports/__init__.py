"""Imports of rosters (花名册导入): thousands of lines checked one by one, with a reject report."""
