"""Reading indicators and their values."""

from collections.abc import Iterable

from services.assessment.errors import IndicatorNotFound
from services.assessment.facts.queries import Window, totals
from services.assessment.indicators.models import Indicator
from services.assessment.indicators.rules import (
    evaluate,
    is_applicable,
)
from services.assessment.indicators.schemas import (
    LEAST_CASES,
    DeclareIndicator,
    IndicatorView,
    Status,
    ValueView,
)
from services.assessment.indicators.wording import explanation_of, formula_of, source_events
from services.assessment.periods import Period
from shared.db import Tx
from shared.pages import Page, encode_cursor, text_in
from shared.problems import OutsideJurisdiction

_LATEST = """
SELECT DISTINCT ON (code) * FROM indicators
WHERE code > $1 AND ($2::boolean IS NULL OR scored = $2)
ORDER BY code, version DESC LIMIT $3
"""


async def find_indicator(code: str, tx: Tx, version: int | None = None) -> Indicator | None:
    """A version of an indicator, the latest where none is named."""
    found = await tx.find(
        Indicator,
        "SELECT * FROM indicators WHERE code = $1 AND ($2::int IS NULL OR version = $2)"
        " ORDER BY version DESC LIMIT 1",
        code,
        version,
    )
    return found[0] if found else None


async def definitions_of(
    wanted: Iterable[tuple[str, int]], tx: Tx
) -> dict[tuple[str, int], DeclareIndicator]:
    """The definitions of some (code, version) in one go. Versions are never removed."""
    codes, versions = zip(*sorted(set(wanted)), strict=True)
    found = await tx.find(
        Indicator,
        "SELECT i.* FROM indicators AS i JOIN unnest($1::text[], $2::int[]) AS w (code, version)"
        " ON w.code = i.code AND w.version = i.version",
        list(codes),
        list(versions),
    )
    return {(each.code, each.version): definition_of(each) for each in found}


async def get_indicator(code: str, version: int | None, tx: Tx) -> IndicatorView:
    """Raises IndicatorNotFound."""
    indicator = await find_indicator(code, tx, version)
    if indicator is None:
        raise IndicatorNotFound()
    return view_of(indicator)


async def list_indicators(
    scored: bool | None, limit: int, cursor: str | None, tx: Tx
) -> Page[IndicatorView]:
    """The latest version of each, by code."""
    after = text_in(cursor) if cursor else ""
    found = await tx.find(Indicator, _LATEST, after, scored, limit + 1)
    more = len(found) > limit
    return Page(
        items=[view_of(each) for each in found[:limit]],
        next=encode_cursor(found[limit - 1].code) if more else None,
    )


async def get_value(
    code: str, period: Period, area: str, office: str | None, home: str, tx: Tx
) -> ValueView:
    """An indicator's value now, from tallies. Only the observing side may ask: OutsideJurisdiction
    otherwise, because tallies that are not seen would look like none."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    indicator = await find_indicator(code, tx)
    if indicator is None:
        raise IndicatorNotFound()
    definition = definition_of(indicator)
    view = ValueView(
        indicator=code,
        version=indicator.version,
        period=period.text,
        area=area,
        status=Status.NOT_APPLICABLE,
        value=None,
        numerator=None,
        denominator=None,
    )
    if not is_applicable(definition, area, office, period.kind):
        return view
    value = evaluate(definition, await totals(window_of(definition, period, area, office), tx))
    return view.model_copy(
        update={
            "status": value.status,
            "value": value.value,
            "numerator": shown(value.numerator),
            "denominator": shown(value.denominator),
        }
    )


def window_of(
    definition: DeclareIndicator, period: Period, area: str, office: str | None
) -> Window:
    """The tallies an indicator needs for a subject and period."""
    kinds = {kind for each in definition.selections() for kind in each.kinds}
    return Window(
        tuple(sorted(kinds)),
        area,
        period.start,
        period.end,
        office or definition.office,
        definition.seen_by,
    )


def shown(count: int) -> int | None:
    """A count as it may be shown: one to nine are not."""
    return None if 0 < count < LEAST_CASES else count


def definition_of(indicator: Indicator) -> DeclareIndicator:
    return DeclareIndicator.model_validate(indicator.definition)


def view_of(indicator: Indicator) -> IndicatorView:
    definition = definition_of(indicator)
    return IndicatorView(
        code=indicator.code,
        version=indicator.version,
        origin=indicator.origin,
        definition=definition,
        explanation=explanation_of(definition),
        formula=formula_of(definition),
        source_events=source_events(definition),
        created_at=indicator.created_at,
    )
