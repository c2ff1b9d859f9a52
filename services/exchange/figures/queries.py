"""Reading monthly figures."""

from services.exchange.figures.models import FiguresKind, MonthlyFigures
from services.exchange.figures.schemas import FiguresView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM monthly_figures
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR peer = $2)
  AND ($3::text IS NULL OR month = $3) AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""
_NEWEST = """
SELECT * FROM monthly_figures
WHERE direction = 'out' AND kind = $1 AND peer = $2 AND month = $3
ORDER BY said_at DESC, id DESC LIMIT 1
"""


async def list_figures(
    kind: FiguresKind | None,
    peer: str | None,
    month: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[FiguresView]:
    """Newest first: of several for one month the first holds."""
    rows = await tx.find(MonthlyFigures, _LIST, kind, peer, month, id_in(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[view_of(row) for row in rows[:limit]], next=more)


async def newest_told(kind: FiguresKind, peer: str, month: str, tx: Tx) -> MonthlyFigures | None:
    found = await tx.find(MonthlyFigures, _NEWEST, kind, peer, month)
    return found[0] if found else None


def view_of(row: MonthlyFigures) -> FiguresView:
    return FiguresView(**row.model_dump())
