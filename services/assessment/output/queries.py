"""Reading what cards, trends and comparisons show."""

from decimal import Decimal
from uuid import UUID

from services.assessment.errors import IndicatorNotFound
from services.assessment.facts.kinds import SeenBy
from services.assessment.facts.naming import names_of
from services.assessment.facts.queries import totals
from services.assessment.fields import Words
from services.assessment.indicators.queries import (
    definition_of,
    definitions_of,
    find_indicator,
    get_indicator,
    window_of,
)
from services.assessment.indicators.rules import Value, evaluate
from services.assessment.indicators.schemas import DeclareIndicator, Form, Level, Status
from services.assessment.indicators.wording import explanation_of, formula_of
from services.assessment.output.curves import curve_of
from services.assessment.output.rules import (
    Score,
    asked_span,
    digits_of,
    discounted,
    lost,
    newest_version,
    ranked,
)
from services.assessment.output.schemas import (
    CardLine,
    CardVeto,
    CardView,
    ComparedArea,
    ComparisonView,
    ExplanationView,
    TrendPoint,
    TrendView,
    TwoSides,
)
from services.assessment.periods import parse_period
from services.assessment.schemes.explaining import meaning_of_discount, meaning_of_item
from services.assessment.schemes.queries import get_scheme
from services.assessment.schemes.schemas import PinnedItem
from services.assessment.scorecards.queries import get_scorecard, open_vetoes
from services.assessment.scorecards.schemas import Ground, ItemView, ScorecardView
from shared.db import Tx

POINTS = Words(zh="分", en="points")
_UNITS = {
    Form.SHARE: Words(zh="%", en="%"),
    Form.MEAN: Words(zh="天", en="days"),
    Form.COUNT: Words(zh="件", en="cases"),
}
_SCORE_NAME = Words(zh="考核得分", en="Score")

# The newest published card of each period; a superseded edition is never among them.
_TREND = """
SELECT DISTINCT ON (card.period) card.period, card.id, card.scheme, card.scheme_version,
    card.score, item.value, item.rule ->> 'target' AS target
FROM scorecards AS card
LEFT JOIN scorecard_items AS item ON item.scorecard_id = card.id AND item.indicator = $1
WHERE card.period = ANY ($2::text[]) AND card.area = $3 AND card.office = $4
    AND card.status = 'published' AND (starts_with(card.observer, $5) OR starts_with(card.area, $5))
    AND ($6::text IS NULL OR card.scheme = $6) AND ($1::text IS NULL OR item.indicator IS NOT NULL)
ORDER BY card.period, card.published_at DESC, card.id DESC
"""

_NEWEST_SCHEME = """
SELECT scheme FROM scorecards
WHERE period = ANY ($1::text[]) AND area = $2 AND office = $3 AND status = 'published'
    AND (starts_with(observer, $4) OR starts_with(area, $4))
ORDER BY starts_on DESC, published_at DESC, id DESC LIMIT 1
"""


async def get_card(scorecard_id: UUID, tx: Tx) -> CardView:
    """Raises ScorecardNotFound, also for one outside the caller's jurisdiction."""
    card = await get_scorecard(scorecard_id, tx)
    scheme = await get_scheme(card.scheme, card.scheme_version, tx)
    vetoes = await open_vetoes(card.area, card.starts_on, card.ends_on, tx)
    pinned = ((item.indicator, item.indicator_version) for item in card.items)
    definitions = await definitions_of(pinned, tx)
    return CardView(
        **card.model_dump(include=set(CardView.model_fields) & set(ScorecardView.model_fields)),
        area_name=(await names_of([card.area], card.ends_on, tx)).get(card.area),
        scheme_name=Words(zh=scheme.name.zh, en=scheme.name.en),
        judged_weight=card.judged,
        lines=[
            _line(item, card, definitions[item.indicator, item.indicator_version])
            for item in card.items
        ],
        vetoes=[
            CardVeto(id=each.id, ground=Ground(each.ground), period=each.period) for each in vetoes
        ],
        two_sides=await _two_sides(card, tx) if tx.actor.covers(card.observer) else None,
    )


async def get_trend(
    area: str,
    office: str | None,
    indicator: str | None,
    scheme: str | None,
    first: str | None,
    last: str | None,
    tx: Tx,
) -> TrendView:
    """What was published from one period to another. Scores of two schemes make no line: where
    neither an indicator nor a scheme is named, it is that of the newest card. Raises WrongSpan,
    IndicatorNotFound."""
    periods = asked_span(first, last, tx.today)
    names = [each.text for each in periods]
    if indicator is None and scheme is None:
        asked = names, area, office or "", tx.actor.region
        scheme = await tx.fetch_value(_NEWEST_SCHEME, *asked)
    rows = await tx.fetch(_TREND, indicator, names, area, office or "", tx.actor.region, scheme)
    found = {row["period"]: row for row in rows}
    key = "score" if indicator is None else "value"
    name, unit, target = _SCORE_NAME, POINTS, None
    if indicator is not None:
        name, unit = await _named(indicator, tx)
        newest = next((found[each] for each in reversed(names) if each in found), None)
        if newest is not None:
            target = Decimal(newest["target"])
    called = await names_of([area], periods[-1].end, tx)
    return TrendView(
        area=area,
        area_name=called.get(area),
        office=office,
        indicator=indicator,
        scheme=scheme,
        name=name,
        unit=unit,
        target=target,
        points=[
            TrendPoint(
                period=each,
                value=found[each][key] if each in found else None,
                scorecard_id=found[each]["id"] if each in found else None,
            )
            for each in names
        ],
    )


async def get_comparison(
    scheme: str, period: str, level: Level, least: int, tx: Tx
) -> ComparisonView:
    """How the areas of a level, or the offices, stand beside each other. Whoever answers for one
    of them sees the published scores of all in the county, and nothing else of the others. Raises
    SchemeNotFound."""
    scores: list[Score] = []
    for digits in digits_of(level):
        rows = await tx.fetch(
            "SELECT * FROM comparable_scores($1, $2, $3, $4)",
            scheme,
            period,
            digits,
            level == Level.OFFICE,
        )
        scores += [Score(**row) for row in rows]
    same = newest_version(scores)
    version = same[0].scheme_version if same else None
    declared = await get_scheme(scheme, version, tx)
    names = await names_of([each.area for each in same], parse_period(period).end, tx)
    return ComparisonView(
        scheme_name=Words(zh=declared.name.zh, en=declared.name.en),
        scheme_version=version,
        period=period,
        level=level,
        least_judged_weight=least,
        areas=[
            ComparedArea(
                area=each.area,
                area_name=names.get(each.area),
                area_type=each.area_type,
                office=each.office or None,
                score=each.score,
                judged_weight=each.judged,
                place=place,
                own=tx.actor.region == each.area,
            )
            for each, place in ranked(same, least)
        ],
    )


async def get_explanation(code: str, version: int | None, tx: Tx) -> ExplanationView:
    """Raises IndicatorNotFound."""
    view = await get_indicator(code, version, tx)
    definition = view.definition
    return ExplanationView(
        code=view.code,
        version=view.version,
        name=_words(definition),
        explanation=view.explanation,
        formula=view.formula,
        unit=_UNITS[definition.form],
        direction=definition.direction,
        scored=definition.scored,
        minimum_cases=definition.minimum_cases,
        source_events=view.source_events,
    )


def _line(item: ItemView, card: ScorecardView, definition: DeclareIndicator) -> CardLine:
    if item.taken is None:
        taken_away = lost(item.weight, item.points, card.judged)
    else:
        weighed = [(each.weight, each.points) for each in card.items]
        taken_away = discounted(weighed, item.taken)
    rule = item.rule
    return CardLine(
        **item.model_dump(exclude={"indicator_version", "rule", "parts"}),
        name=_words(definition),
        explanation=explanation_of(definition),
        formula=formula_of(definition),
        unit=_UNITS[definition.form],
        target=rule.target,
        floor=rule.floor,
        lost=taken_away,
        meaning=(
            meaning_of_item(rule) if isinstance(rule, PinnedItem) else meaning_of_discount(rule)
        ),
        curve=curve_of(rule),
        parts=item.parts,
    )


async def _two_sides(card: ScorecardView, tx: Tx) -> list[TwoSides]:
    """Where both sides counted the same thing and came to different values."""
    found = []
    for item in card.items:
        definition = await _definition(item.indicator, item.indicator_version, tx)
        own = await _seen_by(SeenBy.SELF, definition, card, tx)
        other = await _seen_by(SeenBy.OTHER, definition, card, tx)
        if own.value is None or other.value is None or own.value == other.value:
            continue
        found.append(
            TwoSides(
                indicator=item.indicator,
                name=_words(definition),
                own=own.value,
                own_cases=own.denominator,
                other=other.value,
                other_cases=other.denominator,
                difference=own.value - other.value,
            )
        )
    return found


async def _seen_by(
    side: SeenBy, definition: DeclareIndicator, card: ScorecardView, tx: Tx
) -> Value:
    if definition.seen_by != SeenBy.ANY:  # one side alone is asked: there is nothing to compare
        return Value(Status.NOT_APPLICABLE, None, 0, 0)
    asked = definition.model_copy(update={"seen_by": side})
    window = window_of(asked, parse_period(card.period), card.area, card.office)
    return evaluate(asked, await totals(window, tx))


async def _definition(code: str, version: int, tx: Tx) -> DeclareIndicator:
    indicator = await find_indicator(code, tx, version)
    if indicator is None:  # versions are never removed
        raise IndicatorNotFound()
    return definition_of(indicator)


async def _named(code: str, tx: Tx) -> tuple[Words, Words]:
    definition = (await get_indicator(code, None, tx)).definition
    return _words(definition), _UNITS[definition.form]


def _words(definition: DeclareIndicator) -> Words:
    return Words(zh=definition.name.zh, en=definition.name.en)
