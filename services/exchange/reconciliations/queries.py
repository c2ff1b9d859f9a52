"""Reading reconciliations."""

from collections import Counter
from uuid import UUID

from services.exchange.agreements.queries import in_force
from services.exchange.reconciliations.models import Line, Reconciliation
from services.exchange.reconciliations.rules import PASSING, WORDS, Reason
from services.exchange.reconciliations.schemas import (
    KindCounts,
    LineView,
    ReasonCount,
    ReconciliationSummary,
    ReconciliationView,
)
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in, text_in

_LIST = """
SELECT * FROM reconciliations WHERE ($1::text IS NULL OR peer = $1)
  AND ($2::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM reconciliations
    WHERE id = $2))
ORDER BY created_at DESC, id DESC LIMIT $3
"""
_TOTALS = """
SELECT direction, kind, coalesce(sum(messages) FILTER (WHERE ours), 0) AS ours,
  coalesce(sum(messages) FILTER (WHERE NOT ours), 0) AS theirs,
  coalesce(sum(confirmed) FILTER (WHERE ours), 0) AS confirmed,
  coalesce(sum(disagreeing) FILTER (WHERE ours), 0) AS disagreeing
FROM reconciliation_counts WHERE reconciliation_id = $1
GROUP BY direction, kind ORDER BY direction DESC, kind
"""
_REASONS = """
SELECT reason FROM reconciliation_lines WHERE reconciliation_id = $1 AND reason IS NOT NULL
"""
_LINES = """
SELECT line.*, coalesce(sent.subject_id, came.subject_id) AS subject_id
FROM reconciliation_lines AS line JOIN reconciliations AS whole ON whole.id = reconciliation_id
LEFT JOIN messages_out AS sent ON line.direction = 'out' AND sent.message_id = line.message_id
LEFT JOIN messages_in AS came ON line.direction = 'in' AND came.from_node = whole.peer
  AND came.message_id = line.message_id
WHERE line.reconciliation_id = $1 AND line.reason IS NOT NULL
  AND (line.direction || line.message_id) COLLATE "C" > $2
ORDER BY (line.direction || line.message_id) COLLATE "C" LIMIT $3
"""


async def get_reconciliation(reconciliation_id: UUID, tx: Tx) -> ReconciliationView:
    return await view_of(await tx.require(Reconciliation, reconciliation_id), tx)


async def list_reconciliations(
    peer: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ReconciliationSummary]:
    """Newest first."""
    rows = await tx.find(Reconciliation, _LIST, peer, id_in(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [ReconciliationSummary(**row.model_dump(exclude={"their_lines"})) for row in rows]
    return Page(items=items[:limit], next=more)


async def list_lines(
    reconciliation_id: UUID, limit: int, cursor: str | None, tx: Tx
) -> Page[LineView]:
    """What the two do not agree on, each with its reason."""
    await tx.require(Reconciliation, reconciliation_id)
    rows = await tx.fetch(_LINES, reconciliation_id, text_in(cursor) if cursor else "", limit + 1)
    items = [
        LineView(
            **{name: row[name] for name in LineView.model_fields if name not in ("zh", "en")},
            zh=WORDS[Reason(row["reason"])].zh,
            en=WORDS[Reason(row["reason"])].en,
        )
        for row in rows[:limit]
    ]
    more = encode_cursor(items[-1].direction + items[-1].message_id) if rows[limit:] else None
    return Page(items=items, next=more)


async def lines_of(row: Reconciliation, tx: Tx) -> list[Line]:
    """Every line kept of a reconciliation."""
    sql = "SELECT * FROM reconciliation_lines WHERE reconciliation_id = $1"
    return await tx.find(Line, sql, row.id)


async def totals_of(row: Reconciliation, tx: Tx) -> list[KindCounts]:
    """By direction and kind, what went out first."""
    return [KindCounts(**each) for each in await tx.fetch(_TOTALS, row.id)]


async def view_of(row: Reconciliation, tx: Tx) -> ReconciliationView:
    reasons = Counter(each["reason"] for each in await tx.fetch(_REASONS, row.id))
    return ReconciliationView(
        **row.model_dump(exclude={"their_lines"}),
        counts=await totals_of(row, tx),
        reasons=[
            ReasonCount(
                reason=each,
                zh=WORDS[each].zh,
                en=WORDS[each].en,
                lines=reasons[each],
                passing=each in PASSING,
            )
            for each in Reason
            if reasons[each]
        ],
        differing=reasons.total(),
        agreements=await in_force(row.peer, row.since, row.until, tx),
    )
