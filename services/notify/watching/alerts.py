"""Reading alerts, and what they are raised on."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from services.notify.watching.models import DeliveryAlert
from services.notify.watching.queries import DAY
from services.notify.watching.rules import AlertKind
from services.notify.watching.schemas import AlertView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_ALERTS: Final = """
SELECT * FROM delivery_alerts
WHERE ($1 OR cleared_at IS NULL) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_STOPS: Final = """
WITH stops AS (
  SELECT m.campaign_id, count(DISTINCT m.id)::int AS stops
  FROM opt_outs AS o JOIN messages AS m ON m.phone_index = o.phone_index
  WHERE o.at >= $1 AND m.campaign_id IS NOT NULL
    AND m.submitted_at <= o.at AND m.submitted_at >= o.at - $2::interval
  GROUP BY m.campaign_id)
SELECT campaign_id, stops, (SELECT count(*)::int FROM messages AS m
  WHERE m.campaign_id = stops.campaign_id AND m.submitted_at IS NOT NULL) AS texts
FROM stops ORDER BY campaign_id
"""
# Whatever was accepted since has ended since, or still waits.
RECEIPTS: Final = """
SELECT provider, sum(texts)::int AS accepted, sum(missing)::int AS missing FROM (
  SELECT provider, count(*) AS texts, count(*) FILTER (WHERE status = 'unconfirmed') AS missing
  FROM messages WHERE done_at >= $1 AND submitted_at >= $1 AND submitted_at < $2
  GROUP BY provider
  UNION ALL
  SELECT provider, count(*), count(*) FROM messages
  WHERE status = 'submitted' AND submitted_at >= $1 AND submitted_at < $2 GROUP BY provider
) AS t WHERE provider IS NOT NULL GROUP BY provider ORDER BY provider
"""


async def list_alerts(cleared: bool, limit: int, cursor: str | None, tx: Tx) -> Page[AlertView]:
    """Newest first; `cleared` also shows those that are over."""
    rows = await tx.find(DeliveryAlert, _ALERTS, cleared, id_in(cursor), limit + 1)
    shown = [_alert_view(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=shown, next=encode_cursor(str(shown[-1].id)) if more else None)


def _alert_view(alert: DeliveryAlert) -> AlertView:
    return AlertView(
        **alert.model_dump(exclude={"kind", "subject", "threshold"}),
        kind=AlertKind(alert.kind),
        limit=alert.threshold,
    )


async def opt_outs_by_campaign(tx: Tx, days: int) -> list[tuple[UUID, int, int]]:
    """Campaigns that were answered with stops in the last `days`: (id, texts, stops)."""
    rows = await tx.fetch(_STOPS, tx.now - timedelta(days=days), timedelta(days=days))
    return [(row["campaign_id"], row["texts"], row["stops"]) for row in rows]


async def receipts_by_provider(tx: Tx, hours: int) -> list[tuple[str, int, int]]:
    """Of the texts accepted in the day before the last `hours`: (provider, accepted, without a
    receipt)."""
    until = tx.now - timedelta(hours=hours)
    rows = await tx.fetch(RECEIPTS, until - DAY, until)
    return [(row["provider"], row["accepted"], row["missing"]) for row in rows]
