"""What is worth an alert. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.notify.messages.rules import Lane
from services.notify.settings import Sending, Watching
from services.notify.templates.rules import Kind
from shared.clock import CHINA


class AlertKind(StrEnum):
    """PROVIDER_FAILING: less than half of its points for some minutes. UNSENT_TOO_LONG: the
    oldest text that may go has not gone. RECEIPTS_MISSING: too many texts without a receipt.
    OPT_OUT_RATE: too many people answer a campaign with a stop."""

    PROVIDER_FAILING = "provider-failing"
    UNSENT_TOO_LONG = "unsent-too-long"
    RECEIPTS_MISSING = "receipts-missing"
    OPT_OUT_RATE = "opt-out-rate"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is over its limit now. `subject` is the provider, lane or campaign it is about."""

    kind: AlertKind
    subject: str
    value: int
    limit: int
    provider: str | None = None
    campaign_id: UUID | None = None


def is_low(points: float, weight: int) -> bool:
    """Whether a provider has less than half of its points: at least two calls failed lately."""
    return points < weight / 2


def unsent_seconds(
    oldest_due: datetime | None, kind: str, now: datetime, sending: Sending
) -> int | None:
    """How long the oldest text of a kind has waited that might have gone. The quiet hours do not
    count: what fell due shortly before them is as old as this morning's opening."""
    opened = _opened_at(kind, now, sending)
    if oldest_due is None or oldest_due > now or opened is None:
        return None
    return int((now - max(oldest_due, opened)).total_seconds())


def failing(
    low_since: Mapping[str, tuple[datetime, float, int]], now: datetime, rules: Watching
) -> list[Finding]:
    """Providers that have been low for long; each with (since, points, weight)."""
    lately = now - timedelta(minutes=rules.failing_minutes)
    return [
        Finding(AlertKind.PROVIDER_FAILING, name, int(100 * points / weight), 50, provider=name)
        for name, (since, points, weight) in low_since.items()
        if since <= lately
    ]


def waiting(oldest: Mapping[Lane, int | None], rules: Watching) -> list[Finding]:
    """Lanes whose oldest text (seconds) has waited too long."""
    return [
        Finding(AlertKind.UNSENT_TOO_LONG, lane, seconds // 60, rules.unsent_minutes)
        for lane, seconds in oldest.items()
        if seconds is not None and seconds > rules.unsent_minutes * 60
    ]


def silent(counts: Iterable[tuple[str, int, int]], rules: Watching) -> list[Finding]:
    """Providers of whose texts (provider, accepted, without receipt) too many stay unanswered."""
    return [
        Finding(
            AlertKind.RECEIPTS_MISSING,
            provider,
            _percent(missing, accepted),
            rules.missing_percent,
            provider=provider,
        )
        for provider, accepted, missing in counts
        if accepted >= rules.missing_least and 100 * missing > rules.missing_percent * accepted
    ]


def resented(counts: Iterable[tuple[UUID, int, int]], rules: Watching) -> list[Finding]:
    """Campaigns (id, texts, stops) that too many people answer with a stop."""
    return [
        Finding(
            AlertKind.OPT_OUT_RATE,
            str(campaign_id),
            _percent(stops, texts),
            rules.opt_out_percent,
            campaign_id=campaign_id,
        )
        for campaign_id, texts, stops in counts
        if texts >= rules.opt_out_least and 100 * stops > rules.opt_out_percent * texts
    ]


def _opened_at(kind: str, now: datetime, sending: Sending) -> datetime | None:
    """When the hours in which a kind of text may go last began; None while it may not, long ago
    where it always may. UTC."""
    own = next((hours for each, hours in sending.hours.items() if each == kind), sending)
    opens, closes = own.open_from, own.open_to
    if kind == Kind.URGENT or opens == closes:
        return datetime.min.replace(tzinfo=UTC)
    local = now.astimezone(CHINA)
    if not opens <= local.time() < closes:
        return None
    return datetime.combine(local.date(), opens, CHINA).astimezone(UTC)


def _percent(part: int, whole: int) -> int:
    """Rounded up, so that what is over its limit also looks so."""
    return -(-100 * part // whole)
