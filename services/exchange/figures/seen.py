"""What we saw of a peer's offices in a month, counted."""

from datetime import datetime

from services.exchange.figures.rules import SEEN_CELLS
from services.exchange.figures.schemas import SeenFigure
from shared.db import Tx

PEERS = """
SELECT id FROM participants
WHERE level IN ('county', 'city') AND revoked_at IS NULL AND id <> $1 ORDER BY id
"""
# An inquiry that is overdue and then answered counts in the month of its answer, as late.
_SEEN = """
WITH told AS (
  SELECT * FROM notices WHERE direction = 'out' AND peer = $1 AND feedback_asked AND NOT void
), asked AS (SELECT * FROM inquiries WHERE side = 'asking' AND to_node = $1)
SELECT 'notice_owed' AS kind, 'asked' AS outcome, count(*) AS count FROM told
  WHERE created_at >= $2 AND created_at < $3
UNION ALL
SELECT 'notice_feedback', CASE WHEN agrees THEN 'agrees' ELSE 'differs' END, count(*) FROM told
  WHERE answered_at >= $2 AND answered_at < $3 GROUP BY agrees
UNION ALL
SELECT 'inquiry_answer', CASE WHEN in_time THEN 'in_time' ELSE 'late' END, count(*) FROM asked
  WHERE answered_at >= $2 AND answered_at < $3 GROUP BY in_time
UNION ALL
SELECT 'inquiry_answer', 'overdue', count(*) FROM asked
  WHERE answered_at IS NULL AND overdue_at >= $2 AND overdue_at < $3
UNION ALL
SELECT 'inquiry_closed', CASE WHEN correct THEN 'correct' ELSE 'incorrect' END, count(*) FROM asked
  WHERE closed_at >= $2 AND closed_at < $3 AND correct IS NOT NULL GROUP BY correct
"""


async def seen_of(peer: str, since: datetime, before: datetime, tx: Tx) -> list[SeenFigure]:
    """Every cell of SEEN_CELLS, in order."""
    rows = await tx.fetch(_SEEN, peer, since, before)
    counts = {(row["kind"], row["outcome"]): row["count"] for row in rows}
    return [
        SeenFigure(kind=kind, outcome=outcome, count=counts.get((kind, outcome), 0))
        for kind, outcome in SEEN_CELLS
    ]
