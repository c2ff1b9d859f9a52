"""Limits that a county keeps as data (服务限额): hours, how many at once, how many a day."""
