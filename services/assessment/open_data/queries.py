"""Reading what is open."""

from collections import defaultdict
from uuid import UUID

from services.assessment.indicators.queries import definition_of, find_indicator
from services.assessment.indicators.schemas import Form
from services.assessment.open_data.rules import dictionary_rows, indicator_rows, scorecard_rows
from services.assessment.open_data.schemas import (
    COLUMNS,
    Figure,
    OpenCard,
    OpenTable,
    OpenView,
)
from services.assessment.scorecards.models import Scorecard, ScorecardItem
from services.assessment.scorecards.queries import items_by_scorecard
from services.assessment.scorecards.rules import appeal_until
from shared.clock import CHINA
from shared.db import Tx

# A county opens what it says of itself; what it says of a neighbour is the neighbour's to open.
_PUBLISHED = """
SELECT * FROM scorecards
WHERE status = 'published' AND starts_with(area, observer) AND starts_with(observer, $1)
    AND left(period, 4) = $2
ORDER BY starts_on, ends_on, area, office, scheme
"""
_DISPUTED = """
SELECT scorecard_id FROM appeals WHERE status = 'open' AND scorecard_id = ANY ($1::uuid[])
"""


async def get_open_table(table: OpenTable, year: int, licence: str, tx: Tx) -> OpenView:
    """A year of a table. Preliminary and superseded cards are never in it."""
    if table == OpenTable.DICTIONARY:
        rows = dictionary_rows()
    else:
        cards = await _cards(year, tx)
        rows = scorecard_rows(cards) if table == OpenTable.SCORECARDS else indicator_rows(cards)
    return OpenView(table=table, year=year, licence=licence, columns=COLUMNS[table], rows=rows)


async def _cards(year: int, tx: Tx) -> list[OpenCard]:
    found = await tx.find(Scorecard, _PUBLISHED, tx.actor.region, str(year))
    ids = [each.id for each in found]
    items = await items_by_scorecard(ids, tx)
    disputed = {row["scorecard_id"] for row in await tx.fetch(_DISPUTED, ids)}
    shares: dict[tuple[str, int], bool] = {}
    for item in (each for id in ids for each in items[id]):
        key = item.indicator, item.indicator_version
        if key not in shares:
            shares[key] = await _is_share(item, tx)
    figures: dict[UUID, list[Figure]] = defaultdict(list)
    for card in found:
        figures[card.id] = [_figure(card, item, shares) for item in items[card.id]]
    return [_open_card(card, figures[card.id], card.id in disputed, tx) for card in found]


async def _is_share(item: ScorecardItem, tx: Tx) -> bool:
    indicator = await find_indicator(item.indicator, tx, item.indicator_version)
    return indicator is not None and definition_of(indicator).form == Form.SHARE


def _figure(card: Scorecard, item: ScorecardItem, shares: dict[tuple[str, int], bool]) -> Figure:
    return Figure(
        **item.model_dump(exclude={"scorecard_id", "place"}),
        scheme=card.scheme,
        period=card.period,
        area=card.area,
        office=card.office,
        is_share=shares[item.indicator, item.indicator_version],
    )


def _open_card(card: Scorecard, figures: list[Figure], disputed: bool, tx: Tx) -> OpenCard:
    published = card.published_at or card.computed_at
    day = published.astimezone(CHINA).date()
    return OpenCard(
        **card.model_dump(include=set(OpenCard.model_fields)),
        published_on=day,
        final=not disputed and appeal_until(day) < tx.today,
        figures=figures,
    )
