"""The calendar day where the desks are. China has one time zone and no summer time."""

from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "UTC+08:00")


def today() -> date:
    return datetime.now(CHINA).date()
