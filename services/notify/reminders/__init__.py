"""Reminders of appointments (预约提醒), for those who agreed to them: one text the day before."""
