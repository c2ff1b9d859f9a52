"""Decisions about messages: when one may go, and what its parts make of it."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from services.notify.settings import Sending
from services.notify.templates.rules import Kind
from shared.clock import CHINA


class Lane(StrEnum):
    """Urgent texts never wait behind others."""

    URGENT = "urgent"
    BULK = "bulk"


class Status(StrEnum):
    """QUEUED → SUBMITTING → SUBMITTED → DELIVERED or FAILED. HELD: its campaign pauses.
    UNCONFIRMED: it may have arrived, and nobody will tell any more."""

    QUEUED = "queued"
    HELD = "held"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """SUBMITTING: marked, outcome not recorded; UNKNOWN: the call broke off."""

    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REFUSED = "refused"


def lane_of(kind: str) -> Lane:
    return Lane.URGENT if kind == Kind.URGENT else Lane.BULK


def is_open(at: datetime, sending: Sending) -> bool:
    """Whether a text that is not urgent may be sent at this moment."""
    if sending.open_from == sending.open_to:
        return True
    return sending.open_from <= _local_time(at) < sending.open_to


def next_open(at: datetime, sending: Sending) -> datetime:
    """`at`, or the moment the quiet hours (静默时段) around it end; UTC."""
    if is_open(at, sending):
        return at
    local = at.astimezone(CHINA)
    day = local.date() + timedelta(days=_local_time(at) >= sending.open_to)
    return datetime.combine(day, sending.open_from, CHINA).astimezone(UTC)


def schedule(
    kind: str,
    now: datetime,
    not_before: datetime | None,
    expires: datetime | None,
    sending: Sending,
) -> tuple[datetime, datetime]:
    """When a text is due and when it is stale. Quiet hours push both by the same time."""
    wanted = max(now, not_before or now)
    due = wanted if kind == Kind.URGENT else next_open(wanted, sending)
    stale = expires or wanted + timedelta(hours=sending.lifetime_hours)
    return due, stale + (due - wanted)


def retry_at(now: datetime, tries: int, sending: Sending) -> datetime:
    """When to try again after the `tries`-th temporary refusal."""
    return now + timedelta(seconds=min(sending.retry_seconds * 2 ** (tries - 1), 600))


def status_of(parts: int, delivered: int, failed: int) -> Status:
    """What the parts of an accepted text make of it; the order of receipts plays no role."""
    if delivered >= parts:
        return Status.DELIVERED
    return Status.FAILED if failed else Status.SUBMITTED


def _local_time(at: datetime) -> time:
    return at.astimezone(CHINA).time()
