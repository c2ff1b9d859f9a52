"""Handing the keeping of a record from one county to another (记录管理权移交)."""
