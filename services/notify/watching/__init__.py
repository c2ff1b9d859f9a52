"""Watching (发送监控): how delivery goes, for the operator; counts of texts only."""
