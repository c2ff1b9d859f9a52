"""When the digest goes, and what it counts. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.clock import CHINA


class DutyKind(StrEnum):
    """What an office owes an answer to."""

    HELP = "help"
    INQUIRY = "inquiry"
    REFERRAL = "referral"


_WEDNESDAY: Final = 2


def week_to_tell(now: datetime, at: time) -> date | None:
    """The Monday of the week that has just ended, where a digest is due: from `at` on Monday in
    China. One that nobody could send that day is made up for until Wednesday; later it would be
    old news."""
    local = now.astimezone(CHINA)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), at, CHINA)
    if local < monday or local.weekday() > _WEDNESDAY:
        return None
    return monday.date() - timedelta(days=7)


def bounds(week: date) -> tuple[datetime, datetime]:
    """The first moment of a week that begins on `week`, and the first after it; UTC."""
    start = datetime.combine(week, time(), CHINA).astimezone(UTC)
    return start, start + timedelta(days=7)
