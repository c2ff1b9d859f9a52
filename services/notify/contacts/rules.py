"""Decisions about contacts."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import UUID


def time_of_consent(consent_id: UUID, now: datetime) -> datetime:
    """When a consent was given: the time inside its UUIDv7 (RFC 9562), so that a stop sent before
    the news of the consent reached us still counts. Never later than now."""
    if consent_id.version != 7:
        return now
    return min(datetime.fromtimestamp((consent_id.int >> 80) / 1000, UTC), now)


@dataclass(frozen=True, slots=True)
class OwnHours:
    """From when until when a person wants to be reached, in China's time."""

    opens: time
    closes: time


def own_hours(from_hour: int | None, to_hour: int | None) -> OwnHours | None:
    """The hours a person chose; None where she chose none, or all of the day."""
    if from_hour is None or to_hour is None or (from_hour, to_hour) == (0, 24):
        return None
    return OwnHours(time(from_hour), time.max if to_hour == 24 else time(to_hour))


def takes_texts(chosen: str | None) -> bool:
    """Whether somebody who chose this way of being reached gets texts at all."""
    return chosen in (None, "sms")
