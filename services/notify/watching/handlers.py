"""Writing down how providers do; raising and clearing alerts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.notify.messages.rules import Lane
from services.notify.providers.health import Health
from services.notify.settings import Watching
from services.notify.watching.alerts import opt_outs_by_campaign, receipts_by_provider
from services.notify.watching.rules import (
    Finding,
    failing,
    is_low,
    resented,
    silent,
    waiting,
)
from services.notify.watching.schemas import DeliveryView
from shared.db import Tx
from shared.events.notify import DeliveryAlertCleared, DeliveryAlerted
from shared.ids import new_id

_FORGOTTEN: Final = timedelta(hours=1)
_NOTE = """
INSERT INTO provider_states AS s
  (provider, worker, weight, share_left, low_since, last_error, last_error_at, seen_at)
SELECT t.provider, $1, t.weight, t.points, CASE WHEN t.low THEN $2::timestamptz END,
       t.error, t.error_at, $2
FROM unnest($3::text[], $4::int[], $5::float8[], $6::bool[], $7::text[], $8::timestamptz[])
  AS t (provider, weight, points, low, error, error_at)
ON CONFLICT (provider, worker) DO UPDATE
SET weight = excluded.weight, share_left = excluded.share_left, seen_at = excluded.seen_at,
    low_since = CASE WHEN excluded.low_since IS NOT NULL
                     THEN coalesce(s.low_since, excluded.low_since) END,
    last_error = coalesce(excluded.last_error, s.last_error),
    last_error_at = coalesce(excluded.last_error_at, s.last_error_at)
"""
_RAISE = """
INSERT INTO delivery_alerts
  (id, kind, subject, provider, campaign_id, value, threshold, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO NOTHING
"""
_CLEAR = """
UPDATE delivery_alerts AS a SET cleared_at = $3
WHERE cleared_at IS NULL AND NOT EXISTS (
  SELECT FROM unnest($1::text[], $2::text[]) AS t (kind, subject)
  WHERE t.kind = a.kind AND t.subject = a.subject)
RETURNING id, kind, provider, campaign_id
"""


async def note_health(worker: UUID, found: Iterable[Health], tx: Tx) -> None:
    """Keep what a sending process (by an id of its own) finds, and forget processes long gone."""
    known = list(found)
    await tx.execute(
        _NOTE,
        worker,
        tx.now,
        [each.provider for each in known],
        [each.weight for each in known],
        [each.points for each in known],
        [is_low(each.points, each.weight) for each in known],
        [each.last_error for each in known],
        [each.last_error_at for each in known],
    )
    await tx.execute("DELETE FROM provider_states WHERE seen_at < $1", tx.now - _FORGOTTEN)


async def watch_delivery(view: DeliveryView, tx: Tx, rules: Watching) -> None:
    """Raise what is over its limit and not raised yet, clear what no longer is: each once, however
    many processes look."""
    findings = await _findings(view, tx, rules)
    for each in findings:
        await _raise(each, tx)
    cleared = await tx.fetch(
        _CLEAR, [each.kind for each in findings], [each.subject for each in findings], tx.now
    )
    for row in cleared:
        tx.emit(
            DeliveryAlertCleared(
                alert_id=row["id"],
                kind=row["kind"],
                provider=row["provider"],
                campaign_id=row["campaign_id"],
                cleared_at=tx.now,
            )
        )


async def _findings(view: DeliveryView, tx: Tx, rules: Watching) -> list[Finding]:
    low = {
        each.provider: (each.low_since, each.points, each.weight)
        for each in view.providers
        if each.low_since is not None
    }
    oldest: dict[Lane, int | None] = {each.lane: each.oldest_unsent_seconds for each in view.lanes}
    return [
        *failing(low, tx.now, rules),
        *waiting(oldest, rules),
        *silent(await receipts_by_provider(tx, rules.receipt_hours), rules),
        *resented(await opt_outs_by_campaign(tx, rules.opt_out_days), rules),
    ]


async def _raise(finding: Finding, tx: Tx) -> None:
    alert_id = new_id()
    tag = await tx.execute(
        _RAISE,
        alert_id,
        finding.kind,
        finding.subject,
        finding.provider,
        finding.campaign_id,
        finding.value,
        finding.limit,
        tx.now,
    )
    if tag == "INSERT 0 1":
        tx.emit(
            DeliveryAlerted(
                alert_id=alert_id,
                kind=finding.kind,
                provider=finding.provider,
                campaign_id=finding.campaign_id,
                value=finding.value,
                limit=finding.limit,
                raised_at=tx.now,
            )
        )
