"""Reading scorecards, their evidence and vetoes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.assessment.errors import IndicatorNotFound, ScorecardNotFound
from services.assessment.fields import Words
from services.assessment.indicators.queries import definition_of, find_indicator, shown
from services.assessment.indicators.rules import formula_of
from services.assessment.indicators.schemas import Status
from services.assessment.scorecards.models import (
    Scorecard,
    ScorecardCell,
    ScorecardItem,
    ScorecardStatus,
    Veto,
)
from services.assessment.scorecards.rules import appeal_until, visible
from services.assessment.scorecards.schemas import (
    CellView,
    EvidenceItem,
    EvidenceView,
    Ground,
    ItemView,
    ScorecardView,
    SideView,
    VetoView,
)
from shared.clock import CHINA
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

CellKey = tuple[str, str, date]

# Jurisdiction: the observing place or the judged one (see models.py).
_PAGE = """
SELECT * FROM scorecards
WHERE (starts_with(observer, $1) OR starts_with(area, $1))
    AND ($2::text IS NULL OR period = $2) AND ($3::text IS NULL OR starts_with(area, $3))
    AND ($4::text IS NULL OR status = $4) AND ($5::uuid IS NULL OR id < $5)
ORDER BY id DESC LIMIT $6
"""

_VETOES = """
SELECT * FROM vetoes
WHERE (starts_with(observer, $1) OR starts_with(area, $1))
    AND ($2::text IS NULL OR starts_with(area, $2))
    AND ($3::boolean IS NULL OR (lifted_at IS NULL) = $3) AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""


async def require_scorecard(scorecard_id: UUID, tx: Tx, *, lock: bool = False) -> Scorecard:
    """Raises ScorecardNotFound, also for one outside the caller's jurisdiction."""
    scorecard = await tx.get(Scorecard, scorecard_id, lock=lock)
    if scorecard is None:
        raise ScorecardNotFound()
    return scorecard


async def list_scorecards(
    period: str | None,
    area: str | None,
    status: ScorecardStatus | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[ScorecardView]:
    """Newest first; `area` takes in all inside it."""
    before = id_in(cursor)
    found = await tx.find(
        Scorecard, _PAGE, tx.actor.region, period, area, status, before, limit + 1
    )
    more, found = len(found) > limit, found[:limit]
    items = await items_by_scorecard([each.id for each in found], tx)
    return Page(
        items=[view_of(each, items[each.id]) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_scorecard(scorecard_id: UUID, tx: Tx) -> ScorecardView:
    scorecard = await require_scorecard(scorecard_id, tx)
    return view_of(scorecard, await items_of(scorecard_id, tx))


async def get_evidence(scorecard_id: UUID, tx: Tx) -> EvidenceView:
    """The counts a score was computed from, down to days. Raises ScorecardNotFound."""
    scorecard = await require_scorecard(scorecard_id, tx)
    cells = await tx.find(
        ScorecardCell,
        "SELECT * FROM scorecard_cells WHERE scorecard_id = $1"
        " ORDER BY indicator, side, kind, outcome, day",
        scorecard_id,
    )
    by_side: dict[tuple[str, str], list[ScorecardCell]] = defaultdict(list)
    for cell in cells:
        by_side[cell.indicator, cell.side].append(cell)
    items = await items_of(scorecard_id, tx)
    return EvidenceView(
        scorecard_id=scorecard_id,
        score=scorecard.score,
        items=[await _evidence(item, by_side, tx) for item in items],
    )


async def list_vetoes(
    area: str | None, is_open: bool | None, limit: int, cursor: str | None, tx: Tx
) -> Page[VetoView]:
    before = id_in(cursor)
    found = await tx.find(Veto, _VETOES, tx.actor.region, area, is_open, before, limit + 1)
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[veto_view(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def open_vetoes(area: str, starts_on: date, ends_on: date, tx: Tx) -> Sequence[Veto]:
    """What holds an area's scorecard of a period back."""
    return await tx.find(
        Veto,
        "SELECT * FROM vetoes WHERE lifted_at IS NULL AND starts_with($1, area)"
        " AND starts_on <= $3 AND ends_on >= $2 ORDER BY id",
        area,
        starts_on,
        ends_on,
    )


async def items_of(scorecard_id: UUID, tx: Tx) -> list[ScorecardItem]:
    return (await items_by_scorecard([scorecard_id], tx))[scorecard_id]


async def items_by_scorecard(
    scorecard_ids: Sequence[UUID], tx: Tx
) -> dict[UUID, list[ScorecardItem]]:
    found = await tx.find(
        ScorecardItem,
        "SELECT * FROM scorecard_items WHERE scorecard_id = ANY ($1::uuid[])"
        " ORDER BY scorecard_id, place",
        list(scorecard_ids),
    )
    grouped: dict[UUID, list[ScorecardItem]] = defaultdict(list)
    for item in found:
        grouped[item.scorecard_id].append(item)
    return grouped


def view_of(scorecard: Scorecard, items: Sequence[ScorecardItem]) -> ScorecardView:
    published = scorecard.published_at
    return ScorecardView(
        **scorecard.model_dump(exclude={"office", "status", "computed_by", "published_by"}),
        office=scorecard.office or None,
        status=ScorecardStatus(scorecard.status),
        items=[_item_view(item) for item in items],
        appeal_until=appeal_until(published.astimezone(CHINA).date()) if published else None,
    )


def veto_view(veto: Veto) -> VetoView:
    return VetoView(
        **veto.model_dump(include=set(VetoView.model_fields) - {"ground"}),
        ground=Ground(veto.ground),
    )


def _item_view(item: ScorecardItem) -> ItemView:
    few = item.status == Status.TOO_FEW_CASES
    return ItemView(
        indicator=item.indicator,
        indicator_version=item.indicator_version,
        status=Status(item.status),
        numerator=None if few else shown(item.numerator),
        denominator=None if few else shown(item.denominator),
        value=item.value,
        weight=item.weight,
        points=item.points,
    )


async def _evidence(
    item: ScorecardItem, by_side: dict[tuple[str, str], list[ScorecardCell]], tx: Tx
) -> EvidenceItem:
    indicator = await find_indicator(item.indicator, tx, item.indicator_version)
    if indicator is None:  # versions are never removed
        raise IndicatorNotFound()
    definition = definition_of(indicator)
    sides = [side for code, side in by_side if code == item.indicator]
    few = item.status == Status.TOO_FEW_CASES
    hidden = _hidden([by_side[item.indicator, side] for side in sides], few)
    return EvidenceItem(
        indicator=item.indicator,
        indicator_version=item.indicator_version,
        name=Words(zh=definition.name.zh, en=definition.name.en),
        formula=formula_of(definition),
        status=Status(item.status),
        value=item.value,
        weight=item.weight,
        points=item.points,
        sides=[_side_view(side, by_side[item.indicator, side], hidden, few) for side in sides],
    )


def _hidden(sides: Sequence[Sequence[ScorecardCell]], few: bool) -> set[CellKey]:
    """The cells not to be shown. One hidden on a side is hidden on the other too, or the two
    sides of a fraction would tell what each keeps back."""
    return {
        _key(cell)
        for cells in sides
        for cell, seen in zip(cells, visible([each.n for each in cells]), strict=True)
        if few or not seen
    }


def _key(cell: ScorecardCell) -> CellKey:
    return cell.kind, cell.outcome, cell.day


def _side_view(
    side: str, cells: Sequence[ScorecardCell], hidden: set[CellKey], few: bool
) -> SideView:
    total = None if few else shown(sum(cell.n for cell in cells))
    return SideView(
        side=side,
        count=total,
        sum_measure=None if total is None else sum(cell.sum_measure for cell in cells),
        cells=[
            CellView(
                kind=cell.kind,
                outcome=cell.outcome,
                day=cell.day,
                count=None if _key(cell) in hidden else cell.n,
                sum_measure=None if _key(cell) in hidden else cell.sum_measure,
            )
            for cell in cells
        ],
    )
