"""The weekly digest (每周工作提醒): how many tasks wait, to officials who asked."""
