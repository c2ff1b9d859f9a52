"""What waits at the registering office, in figures: an office's own work, and nobody in it."""

from datetime import datetime

from pydantic import BaseModel

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.vital.models import EventKind, ReporterKind, ReportStatus
from shared.actors import narrow
from shared.db import Tx


class QueueCount(BaseModel):
    """Reports of a kind in a state from one kind of reporter. `overdue` of those that wait do so
    longer than this county wants; `oldest_at` is when the first of them came."""

    kind: EventKind
    status: ReportStatus
    reporter_kind: ReporterKind
    reports: int
    overdue: int
    oldest_at: datetime


_COUNTS = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, status, reporter_kind, count(*) AS reports,"  # noqa: S608 our own names
    " count(*) FILTER (WHERE status = 'reported'"
    "                  AND reported_at < $2::timestamptz - $3 * interval '1 day') AS overdue,"
    f" min(reported_at) AS oldest_at FROM {kind}_reports"
    " WHERE starts_with(region, $1) GROUP BY status, reporter_kind"
    for kind in EventKind
)


async def count_reports(region: str | None, tx: Tx) -> list[QueueCount]:
    """Raises OutsideJurisdiction."""
    days = (await limits_of(tx.actor.region, tx))[Limit.QUEUE_DAYS]
    rows = await tx.fetch(
        _COUNTS + " ORDER BY kind, status, reporter_kind", narrow(tx.actor, region), tx.now, days
    )
    return [QueueCount(**row) for row in rows]
