"""Limits that a county keeps as data (期限和标准): times, ages, loads, staffing."""
