"""Decisions about messages: when one may go, and what its parts make of it."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.notify.contacts.rules import OwnHours
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


def is_open(
    at: datetime, sending: Sending, own: OwnHours | None = None, kind: str = Kind.NOTICE
) -> bool:
    """Whether a text of a kind may be sent at this moment, to somebody with these hours of her
    own."""
    hours = hours_of(sending, own, kind)
    return hours is None or hours.opens <= _local_time(at) < hours.closes


def next_open(
    at: datetime, sending: Sending, own: OwnHours | None = None, kind: str = Kind.NOTICE
) -> datetime:
    """`at`, or the moment the quiet hours (静默时段) around it end; UTC."""
    hours = hours_of(sending, own, kind)
    if hours is None or hours.opens <= _local_time(at) < hours.closes:
        return at
    local = at.astimezone(CHINA)
    day = local.date() + timedelta(days=_local_time(at) >= hours.closes)
    return datetime.combine(day, hours.opens, CHINA).astimezone(UTC)


def hours_of(sending: Sending, own: OwnHours | None, kind: str) -> OwnHours | None:
    """The county's hours for a kind, narrowed by the person's own; None: at any time. What is
    urgent keeps to none, hers included, unless the county says otherwise."""
    county = _county_hours(sending, kind)
    if county is None or own is None or kind == Kind.URGENT:
        return county if own is None or kind == Kind.URGENT else own
    return OwnHours(max(county.opens, own.opens), min(county.closes, own.closes))


def ever_open(sending: Sending, own: OwnHours | None, kind: str) -> bool:
    """Whether the county's hours and hers meet at all."""
    hours = hours_of(sending, own, kind)
    return hours is None or hours.opens < hours.closes


def schedule(
    kind: str,
    now: datetime,
    not_before: datetime | None,
    expires: datetime | None,
    sending: Sending,
    own: OwnHours | None = None,
) -> tuple[datetime, datetime]:
    """When a text is due and when it is stale. Quiet hours push both by the same time."""
    wanted = max(now, not_before or now)
    due = next_open(wanted, sending, own, kind)
    stale = expires or wanted + timedelta(hours=sending.lifetime_hours)
    return due, stale + (due - wanted)


def day_of(at: datetime) -> date:
    """The day in China that a text counts for."""
    return at.astimezone(CHINA).date()


def retry_at(now: datetime, tries: int, sending: Sending) -> datetime:
    """When to try again after the `tries`-th temporary refusal."""
    return now + timedelta(seconds=min(sending.retry_seconds * 2 ** (tries - 1), 600))


def status_of(parts: int, delivered: int, failed: int) -> Status:
    """What the parts of an accepted text make of it; the order of receipts plays no role."""
    if delivered >= parts:
        return Status.DELIVERED
    return Status.FAILED if failed else Status.SUBMITTED


def _county_hours(sending: Sending, kind: str) -> OwnHours | None:
    own = sending.hours.get(Kind(kind))
    if own is None and kind == Kind.URGENT:
        return None
    opens, closes = (own or sending).open_from, (own or sending).open_to
    return None if opens == closes else OwnHours(opens, closes)


def _local_time(at: datetime) -> time:
    return at.astimezone(CHINA).time()
