"""Department feeds (部门月报): monthly batches of civil affairs, education, police and health,
compared with the register line by line. Nothing is overwritten silently."""
