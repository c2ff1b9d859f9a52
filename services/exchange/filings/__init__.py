"""Spreadsheets of inquiries (批量协查), opened line by line."""
