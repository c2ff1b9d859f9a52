"""Spreadsheets of arrivals, hires, leavers and payments (表格批量申报), filed line by line."""
