"""Decisions about contacts."""

from datetime import UTC, datetime
from uuid import UUID


def time_of_consent(consent_id: UUID, now: datetime) -> datetime:
    """When a consent was given: the time inside its UUIDv7 (RFC 9562), so that a stop sent before
    the news of the consent reached us still counts. Never later than now."""
    if consent_id.version != 7:
        return now
    return min(datetime.fromtimestamp((consent_id.int >> 80) / 1000, UTC), now)
