"""Two lines over the same facts (两条线考核): an indicator by unit (科室) and by community (社区),
each line adding up to the same whole."""

from collections.abc import Callable

from services.assessment.errors import IndicatorNotFound
from services.assessment.facts.naming import names_of
from services.assessment.facts.queries import cells_by_place
from services.assessment.facts.schemas import CellAtPlace, PlacedCell
from services.assessment.indicators.queries import definition_of, find_indicator, shown
from services.assessment.indicators.rules import Value, asked_of, evaluate, is_applicable, visible
from services.assessment.indicators.schemas import (
    DeclareIndicator,
    LineRow,
    LinesView,
    Status,
)
from services.assessment.periods import Period
from shared.db import Tx
from shared.problems import OutsideJurisdiction

_COMMUNITY = 12  # digits


async def get_lines(code: str, period: Period, area: str, home: str, tx: Tx) -> LinesView:
    """An indicator's value now in an area, and in each of its units and communities. Only the
    observing side may ask. Raises OutsideJurisdiction, IndicatorNotFound."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    indicator = await find_indicator(code, tx)
    if indicator is None:
        raise IndicatorNotFound()
    definition = definition_of(indicator)
    kinds = sorted({kind for each in definition.selections() for kind in each.kinds})
    cells = await cells_by_place(kinds, area, period.start, period.end, tx)
    names = await names_of(sorted({_community(each) for each in cells}), period.end, tx)
    a_community, an_office = area.ljust(_COMMUNITY, "0"), "any"
    return LinesView(
        indicator=code,
        version=indicator.version,
        period=period.text,
        area=area,
        whole=_rows(definition, cells, lambda _: "")[0] if cells else _nothing(),
        units=(
            _rows(definition, cells, lambda each: each.placed.office)
            if is_applicable(definition, area, an_office, period.kind) and not definition.office
            else None
        ),
        communities=(
            _named(_rows(definition, cells, _community), names)
            if is_applicable(definition, a_community, None, period.kind)
            else None
        ),
    )


def _community(cell: CellAtPlace) -> str:
    return cell.area[:_COMMUNITY] if len(cell.area) >= _COMMUNITY else ""


def _rows(
    definition: DeclareIndicator,
    cells: list[CellAtPlace],
    place_of: Callable[[CellAtPlace], str],
) -> list[LineRow]:
    """A row a place, in the order of places; that of "" is what has none. Small counts are hidden,
    and with them what would tell them from the whole."""
    by_place: dict[str, list[PlacedCell]] = {}
    for each in cells:
        by_place.setdefault(place_of(each), []).append(each.placed)
    places = sorted(by_place)
    values = [evaluate(definition, asked_of(definition, by_place[each], None)) for each in places]
    seen = zip(
        visible([each.numerator for each in values]),
        visible([each.denominator for each in values]),
        strict=True,
    )
    return [
        _row(place, value, all(both))
        for place, value, both in zip(places, values, seen, strict=True)
    ]


def _row(place: str, value: Value, seen: bool) -> LineRow:
    seen = seen and value.status != Status.TOO_FEW_CASES
    return LineRow(
        place=place or None,
        name=None,
        status=value.status,
        value=value.value,
        numerator=shown(value.numerator) if seen else None,
        denominator=shown(value.denominator) if seen else None,
    )


def _named(rows: list[LineRow], names: dict[str, str]) -> list[LineRow]:
    return [each.model_copy(update={"name": names.get(each.place or "")}) for each in rows]


def _nothing() -> LineRow:
    return _row("", Value(Status.NO_CASES, None, 0, 0), True)
