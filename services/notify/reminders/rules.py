"""When to remind of an appointment. Pure."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.clock import CHINA

PURPOSE: Final = "sms-reminders"  # the consent that reminders lean on


class ReminderStatus(StrEnum):
    """PLANNED → SENT (accepted as a text) or DROPPED (no leave, too late); CANCELLED with its
    appointment."""

    PLANNED = "planned"
    SENT = "sent"
    DROPPED = "dropped"
    CANCELLED = "cancelled"


def remind_at(at: datetime, hour: time) -> datetime:
    """The moment to remind of an appointment: the day before in China, at `hour`; UTC."""
    day = at.astimezone(CHINA).date() - timedelta(days=1)
    return datetime.combine(day, hour, CHINA).astimezone(UTC)
