"""Reading stock and figures. Nothing here shows a person: there is none."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.migrant.places.models import Place
from services.migrant.supplies.models import SupplyMovement, SupplyStock
from services.migrant.supplies.rules import ITEMS
from services.migrant.supplies.schemas import (
    FigureView,
    ItemView,
    MovementView,
    StockView,
)
from shared.actors import narrow
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import NotFound

_MOVEMENTS = """
SELECT * FROM supply_movements
WHERE place_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_STOCK = """
SELECT stock.*, place.name_zh AS name, place.area
FROM supply_stock AS stock JOIN places AS place ON place.id = stock.place_id
WHERE place.area LIKE $1 || '%' AND (place.closed_on IS NULL OR place.closed_on > $3)
  AND (NOT $2 OR stock.on_hand <= stock.reorder_at)
ORDER BY stock.on_hand - stock.reorder_at, place.id, stock.item LIMIT 2000
"""
_FIGURES = """
WITH moved AS (
  SELECT place_id, item,
         sum(quantity) FILTER (WHERE kind = 'received') AS received,
         sum(quantity) FILTER (WHERE kind = 'written-off') AS written_off,
         sum(change) FILTER (WHERE kind = 'counted') AS difference
  FROM supply_movements WHERE day BETWEEN $2 AND $3 GROUP BY place_id, item
), handed AS (
  SELECT place_id, item, sum(dispensed) AS dispensed, sum(double_uses) AS double_uses,
         sum(unknown_codes) AS unknown_codes, sum(uncovered) AS uncovered
  FROM supply_days WHERE day BETWEEN $2 AND $3 GROUP BY place_id, item
)
SELECT place.id AS place_id, place.name_zh AS name, both_of.item,
       coalesce(received, 0) AS received, coalesce(dispensed, 0) AS dispensed,
       coalesce(written_off, 0) AS written_off, coalesce(difference, 0) AS difference,
       coalesce(double_uses, 0) AS double_uses, coalesce(unknown_codes, 0) AS unknown_codes,
       coalesce(uncovered, 0) AS uncovered
FROM (SELECT place_id, item FROM moved UNION SELECT place_id, item FROM handed) AS both_of
JOIN places AS place ON place.id = both_of.place_id
LEFT JOIN moved USING (place_id, item) LEFT JOIN handed USING (place_id, item)
WHERE place.area LIKE $1 || '%'
ORDER BY place.id, both_of.item
"""


def list_items(language: str) -> Sequence[ItemView]:
    zh = language == "zh"
    return [
        ItemView(
            code=each.code,
            name=each.zh if zh else each.en,
            unit=each.unit_zh if zh else each.unit_en,
            most_per_code=each.most_per_code,
            source=each.source,
        )
        for each in ITEMS.values()
    ]


async def list_movements(
    place_id: UUID, limit: int, cursor: str | None, tx: Tx
) -> Page[MovementView]:
    """The ledger of a place, newest first. Raises NotFound."""
    await require_place(place_id, tx)
    found = await tx.find(SupplyMovement, _MOVEMENTS, place_id, id_in(cursor), limit + 1)
    page = found[:limit]
    return Page(
        items=[MovementView.model_validate(each.model_dump()) for each in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


async def list_stock(region: str | None, low: bool, tx: Tx) -> Sequence[StockView]:
    """Of open places, the emptiest first; with `low`, what is to be filled up."""
    rows = await tx.fetch(_STOCK, narrow(tx.actor, region), low, tx.today)
    return [StockView(low=row["on_hand"] <= row["reorder_at"], **row) for row in rows]


async def list_figures(region: str | None, month: str, tx: Tx) -> Sequence[FigureView]:
    """A month ("2026-06") of each place and item in which anything happened."""
    year, number = int(month[:4]), int(month[5:])
    first, last = date(year, number, 1), date(year, number, monthrange(year, number)[1])
    rows = await tx.fetch(_FIGURES, narrow(tx.actor, region), first, last)
    return [FigureView(**row) for row in rows]


async def require_place(place_id: UUID, tx: Tx) -> Place:
    """A place in the caller's area. Raises NotFound."""
    place = await tx.require(Place, place_id)
    if not tx.actor.covers(place.area):
        raise NotFound()
    return place


def stock_view(stock: SupplyStock, place: Place) -> StockView:
    return StockView(
        name=place.name_zh,
        area=place.area,
        low=stock.on_hand <= stock.reorder_at,
        **stock.model_dump(),
    )
