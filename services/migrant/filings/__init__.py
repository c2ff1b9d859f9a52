"""Spreadsheets of arrivals, hires and leavers (表格批量申报), filed line by line."""
