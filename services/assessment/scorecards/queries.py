"""Reading scorecards, their evidence and vetoes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.assessment.errors import IndicatorNotFound, ScorecardNotFound
from services.assessment.fields import Words
from services.assessment.indicators.queries import definition_of, find_indicator, shown
from services.assessment.indicators.rules import visible
from services.assessment.indicators.schemas import Status
from services.assessment.indicators.wording import formula_of
from services.assessment.schemes.schemas import PinnedItem, PinnedQuality
from services.assessment.scorecards.models import (
    Scorecard,
    ScorecardCell,
    ScorecardItem,
    ScorecardStatus,
    Veto,
)
from services.assessment.scorecards.rules import appeal_until, standing_of
from services.assessment.scorecards.schemas import (
    CellView,
    EvidenceItem,
    EvidenceView,
    Ground,
    ItemPart,
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
    ids = [each.id for each in found]
    items, appealed = await items_by_scorecard(ids, tx), await _under_appeal(ids, tx)
    return Page(
        items=[_view(each, items[each.id], each.id in appealed, tx.today) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_scorecard(scorecard_id: UUID, tx: Tx) -> ScorecardView:
    scorecard = await require_scorecard(scorecard_id, tx)
    appealed = await _under_appeal([scorecard_id], tx)
    return _view(scorecard, await items_of(scorecard_id, tx), bool(appealed), tx.today)


async def get_evidence(scorecard_id: UUID, tx: Tx) -> EvidenceView:
    """The counts a score was computed from, down to days. Raises ScorecardNotFound."""
    scorecard = await require_scorecard(scorecard_id, tx)
    cells = await tx.find(
        ScorecardCell,
        "SELECT * FROM scorecard_cells WHERE scorecard_id = $1"
        " ORDER BY indicator, side, kind, outcome",
        scorecard_id,
    )
    by_side: dict[tuple[str, str], list[CellView]] = defaultdict(list)
    for cell in cells:
        by_side[cell.indicator, cell.side] += _days_of(cell)
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


async def _under_appeal(scorecard_ids: Sequence[UUID], tx: Tx) -> set[UUID]:
    """Those of some cards that an open appeal is against."""
    rows = await tx.fetch(
        "SELECT DISTINCT scorecard_id FROM appeals"
        " WHERE scorecard_id = ANY ($1::uuid[]) AND status = 'open'",
        list(scorecard_ids),
    )
    return {row["scorecard_id"] for row in rows}


def _view(
    scorecard: Scorecard, items: Sequence[ScorecardItem], under_appeal: bool, today: date
) -> ScorecardView:
    published = scorecard.published_at
    until = appeal_until(published.astimezone(CHINA).date()) if published else None
    return ScorecardView(
        **scorecard.model_dump(exclude={"office", "status", "computed_by", "published_by"}),
        office=scorecard.office or None,
        status=ScorecardStatus(scorecard.status),
        standing=standing_of(scorecard.status, until, under_appeal, today),
        items=[_item_view(item) for item in items],
        appeal_until=until,
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
        taken=item.taken,
        rule=rule_of(item),
        parts=shown_parts([ItemPart.model_validate(each) for each in item.parts]),
    )


def rule_of(item: ScorecardItem) -> PinnedItem | PinnedQuality:
    if item.taken is None:
        return PinnedItem.model_validate(item.rule)
    return PinnedQuality.model_validate(item.rule)


def shown_parts(parts: Sequence[ItemPart]) -> list[ItemPart]:
    """The parts without counts under ten, and without those that would tell them."""
    sides = [[each.numerator or 0 for each in parts], [each.denominator or 0 for each in parts]]
    seen = [all(both) for both in zip(*(visible(side) for side in sides), strict=True)]
    hidden = {"numerator": None, "denominator": None}
    return [
        part if open_ and part.status != Status.TOO_FEW_CASES else part.model_copy(update=hidden)
        for part, open_ in zip(parts, seen, strict=True)
    ]


def _days_of(cell: ScorecardCell) -> list[CellView]:
    return [
        CellView(
            kind=cell.kind,
            outcome=cell.outcome,
            day=date.fromisoformat(day),
            count=n,
            sum_measure=sum_measure,
        )
        for day, n, sum_measure in cell.days
    ]


async def _evidence(
    item: ScorecardItem, by_side: dict[tuple[str, str], list[CellView]], tx: Tx
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
        taken=item.taken,
        sides=[_side_view(side, by_side[item.indicator, side], hidden, few) for side in sides],
    )


def _hidden(sides: Sequence[Sequence[CellView]], few: bool) -> set[CellKey]:
    """The cells not to be shown. One hidden on a side is hidden on the other too, or the two
    sides of a fraction would tell what each keeps back."""
    return {
        _key(cell)
        for cells in sides
        for cell, seen in zip(cells, visible([each.count or 0 for each in cells]), strict=True)
        if few or not seen
    }


def _key(cell: CellView) -> CellKey:
    return cell.kind, cell.outcome, cell.day


def _side_view(side: str, cells: Sequence[CellView], hidden: set[CellKey], few: bool) -> SideView:
    total = None if few else shown(sum(cell.count or 0 for cell in cells))
    kept_back = {"count": None, "sum_measure": None}
    return SideView(
        side=side,
        count=total,
        sum_measure=None if total is None else sum(cell.sum_measure or 0 for cell in cells),
        cells=[
            cell.model_copy(update=kept_back) if _key(cell) in hidden else cell for cell in cells
        ],
    )
