"""When the digest goes, and what it counts. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from shared.clock import CHINA


class DutyKind(StrEnum):
    """What an office owes an answer to."""

    HELP = "help"
    INQUIRY = "inquiry"
    REFERRAL = "referral"


def week_to_tell(now: datetime, at: time) -> date | None:
    """The Monday of the week that has just ended, where a digest is due: on Mondays in China,
    from `at` until the end of the day. One that nobody could send that day is not sent later."""
    local = now.astimezone(CHINA)
    if local.weekday() != 0 or local.time() < at:
        return None
    return local.date() - timedelta(days=7)


def bounds(week: date) -> tuple[datetime, datetime]:
    """The first moment of a week that begins on `week`, and the first after it; UTC."""
    start = datetime.combine(week, time(), CHINA).astimezone(UTC)
    return start, start + timedelta(days=7)
