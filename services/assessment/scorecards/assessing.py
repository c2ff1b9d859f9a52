"""Judging a subject in a period: what each indicator gives, and the score they make together. It
reads and writes nothing down, so that a what-if judges exactly as a scorecard does."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.assessment.facts.queries import Span, cells_of_subject
from services.assessment.facts.schemas import Cell, PlacedCell
from services.assessment.indicators.queries import definitions_of
from services.assessment.indicators.rules import Value, asked_of, evaluate, is_applicable
from services.assessment.indicators.schemas import DeclareIndicator, Status
from services.assessment.periods import Period
from services.assessment.schemes.models import Scheme
from services.assessment.schemes.queries import area_types_of, items_of, quality_of
from services.assessment.schemes.rules import Stretch, area_type_of, bounds_for
from services.assessment.schemes.schemas import AreaType, PinnedItem, PinnedQuality
from services.assessment.scorecards.rules import Share, joined, points_of, score_of, taken_by
from shared.db import Tx

NOTHING = Value(Status.NOT_APPLICABLE, None, 0, 0)
Definitions = dict[tuple[str, int], DeclareIndicator]
ByKind = defaultdict[str, list[PlacedCell]]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is judged for which period: an area, or an office in it."""

    area: str
    office: str | None
    period: Period


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """What an indicator gave in the days that one version of the scheme judges."""

    stretch: Stretch
    rule: PinnedItem
    value: Value
    points: Decimal | None
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """What an indicator gave in the period. `rule` is that of the last part; `taken` is set where
    it discounts the score instead of earning points."""

    rule: PinnedItem | PinnedQuality
    definition: DeclareIndicator
    value: Value
    weight: Decimal
    points: Decimal | None
    taken: Decimal | None
    cells: Sequence[Cell]
    parts: Sequence[JudgedPart] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """`judged` is how much of the weight, of 100, had cases enough."""

    items: Sequence[JudgedItem]
    score: Decimal | None
    judged: Decimal
    area_type: str | None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a period is judged by: for each version of the scheme its items, the types of areas it
    knows and its days; the discounts of the last version; all indicators of these."""

    parts: Sequence[tuple[Sequence[PinnedItem], Sequence[AreaType], Stretch]]
    quality: Sequence[PinnedQuality]
    definitions: Definitions

    @property
    def version(self) -> int:
        return self.parts[-1][2].number


async def yardstick_of(judging: Sequence[tuple[Scheme, Stretch]], tx: Tx) -> Yardstick:
    """Read once, it judges any number of subjects."""
    parts = [(items_of(scheme), area_types_of(scheme), stretch) for scheme, stretch in judging]
    quality = quality_of(judging[-1][0])
    pinned = [(rule.indicator, rule.indicator_version) for items, _, _ in parts for rule in items]
    pinned += [(each.indicator, each.indicator_version) for each in quality]
    return Yardstick(parts, quality, await definitions_of(pinned, tx))


async def assess(
    subject: Subject,
    yardstick: Yardstick,
    left_out: Collection[str],
    tx: Tx,
    span: Span = Span.DAY,
) -> Assessment:
    """Judge a subject from the facts as they are now. The discount for poor data is over the whole
    period. The figures are the same whether counts by day are read, which are its evidence, or by
    month, which are fewer."""
    definitions = yardstick.definitions
    placed = await _placed(subject, definitions.values(), span, tx)
    parts: dict[str, list[JudgedPart]] = {}
    for items, area_types, stretch in yardstick.parts:
        area_type = area_type_of(subject.area, area_types)
        within = _within(placed, stretch.start, stretch.end)
        for item in items:
            rule = bounds_for(item, area_type)
            part = _part(subject, rule, stretch, within, definitions, left_out)
            parts.setdefault(item.indicator, []).append(part)
    judged = [_whole(each, subject, definitions, left_out) for each in parts.values()]
    whole = _within(placed, subject.period.start, subject.period.end)
    judged += [
        _discount(rule, subject, whole, definitions, left_out)
        for rule in yardstick.quality
        if rule.indicator not in parts  # an earlier part scored it: nothing counts twice
    ]
    return Assessment(
        judged,
        score_of(
            ((each.weight, each.points) for each in judged),
            (each.taken for each in judged if each.taken is not None),
        ),
        sum((each.weight for each in judged if each.points is not None), Decimal(0)),
        area_type_of(subject.area, yardstick.parts[-1][1]),
    )


async def _placed(
    subject: Subject, definitions: Iterable[DeclareIndicator], span: Span, tx: Tx
) -> list[PlacedCell]:
    asked = [
        each
        for each in definitions
        if is_applicable(each, subject.area, subject.office, subject.period.kind)
    ]
    kinds = {kind for each in asked for side in each.selections() for kind in side.kinds}
    offices = {each.office for each in asked if each.office}
    return await cells_of_subject(
        sorted(kinds),
        subject.area,
        subject.period.start,
        subject.period.end,
        subject.office,
        sorted(offices),
        span,
        tx,
    )


def _within(placed: Iterable[PlacedCell], start: date, end: date) -> ByKind:
    by_kind: ByKind = defaultdict(list)
    for each in placed:
        if each.cell.day is not None and start <= each.cell.day <= end:
            by_kind[each.cell.kind].append(each)
    return by_kind


def _evaluated(
    subject: Subject, definition: DeclareIndicator, placed: ByKind
) -> tuple[Value, list[Cell]]:
    if not is_applicable(definition, subject.area, subject.office, subject.period.kind):
        return NOTHING, []
    kinds = {kind for each in definition.selections() for kind in each.kinds}
    held = (each for kind in kinds for each in placed[kind])
    cells = asked_of(definition, held, subject.office)
    return evaluate(definition, cells), cells


def _part(
    subject: Subject,
    rule: PinnedItem,
    stretch: Stretch,
    placed: ByKind,
    definitions: Definitions,
    left_out: Collection[str],
) -> JudgedPart:
    definition = definitions[rule.indicator, rule.indicator_version]
    value, cells = _evaluated(subject, definition, placed)
    counted = value.value is not None and rule.indicator not in left_out
    points = points_of(rule, value.value) if counted and value.value is not None else None
    return JudgedPart(stretch, rule, value, points, cells)


def _whole(
    parts: Sequence[JudgedPart],
    subject: Subject,
    definitions: Definitions,
    left_out: Collection[str],
) -> JudgedItem:
    """One indicator over all parts of the period; where there is one part, that part."""
    last = parts[-1]
    definition = definitions[last.rule.indicator, last.rule.indicator_version]
    days = (subject.period.end - subject.period.start).days + 1
    cells = [cell for part in parts for cell in part.cells]
    value, split = last.value, len(parts) > 1 or last.stretch.days < days
    weight, points = last.rule.weight, last.points
    if split:
        applicable = any(part.value.status != Status.NOT_APPLICABLE for part in parts)
        value = evaluate(definition, cells) if applicable else NOTHING
        shares = [Share(part.stretch.days, part.rule.weight, part.points) for part in parts]
        weight, points = joined(shares, days)
        if points is None and value.value is not None:  # enough in all, too few in each part
            value = last.value
    return JudgedItem(
        rule=last.rule,
        definition=definition,
        value=_left_out(value) if last.rule.indicator in left_out else value,
        weight=weight,
        points=points,
        taken=None,
        cells=cells,
        parts=parts if split else (),
    )


def _discount(
    rule: PinnedQuality,
    subject: Subject,
    placed: ByKind,
    definitions: Definitions,
    left_out: Collection[str],
) -> JudgedItem:
    """Without cases enough nothing is taken, and the line says so."""
    definition = definitions[rule.indicator, rule.indicator_version]
    value, cells = _evaluated(subject, definition, placed)
    out = rule.indicator in left_out
    taken = Decimal(0) if value.value is None or out else taken_by(rule, value.value)
    value = _left_out(value) if out else value
    return JudgedItem(rule, definition, value, Decimal(0), None, taken, cells)


def _left_out(value: Value) -> Value:
    return Value(Status.LEFT_OUT, value.value, value.numerator, value.denominator)
