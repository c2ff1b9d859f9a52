"""What a card says beside its score: what was lost where, and who may be set beside whom. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final

from services.assessment.errors import WrongSpan
from services.assessment.indicators.rules import hundredth
from services.assessment.indicators.schemas import Level
from services.assessment.periods import Period, PeriodKind, parse_period, period_on
from services.assessment.scorecards.rules import score_of

LONGEST: Final = 60  # periods in one trend: five years of months
_DOZEN: Final = 12
_DIGITS: Final = {Level.COUNTY: 6, Level.TOWNSHIP: 9, Level.COMMUNITY: 12}


def judged_weight(items: Iterable[tuple[Decimal, Decimal | None]]) -> Decimal:
    """How much of the weight could be judged, 0 to 100, from (weight, points)."""
    return sum((weight for weight, points in items if points is not None), Decimal(0))


def lost(weight: Decimal, points: Decimal | None, judged: Decimal) -> Decimal | None:
    """What an item took from a full score, in points of a hundred; less than nothing where a
    bonus was earned, None where it was not judged."""
    if points is None or not judged:
        return None
    return hundredth(Fraction(weight - points) * 100 / Fraction(judged))


def discounted(items: Sequence[tuple[Decimal, Decimal | None]], taken: Decimal) -> Decimal | None:
    """What a discount of so many percent took, in points of a hundred."""
    whole = score_of(items)
    return None if whole is None else hundredth(Fraction(whole) * Fraction(taken) / 100)


def asked_span(first: str | None, last: str | None, today: date) -> list[Period]:
    """What is shown where not everything was named: up to the last period that has ended, a dozen
    of them; months where neither end was named. Raises WrongSpan."""
    named = first or last
    kind = parse_period(named).kind if named else PeriodKind.MONTH
    if last is None:
        last = period_on(period_on(today, kind).start - timedelta(days=1), kind).text
    if first is None:
        begin = parse_period(last)
        for _ in range(_DOZEN - 1):
            begin = period_on(begin.start - timedelta(days=1), kind)
        first = begin.text
    return span(first, last)


def span(first: str, last: str) -> list[Period]:
    """All periods from one to another of the same kind. Raises WrongSpan."""
    begin, end = parse_period(first), parse_period(last)
    if begin.kind != end.kind or begin.start > end.start:
        raise WrongSpan()
    periods = [begin]
    while periods[-1].start < end.start:
        periods.append(period_on(periods[-1].end + timedelta(days=1), begin.kind))
        if len(periods) > LONGEST:
            raise WrongSpan()
    return periods


@dataclass(frozen=True, slots=True)
class Score:
    """A published score: `judged` is the weight, of a hundred, that had cases enough."""

    area: str
    office: str
    scheme_version: int
    score: Decimal
    judged: Decimal
    area_type: str | None = None


def digits_of(level: Level) -> Sequence[int]:
    """How long the area codes of a level are; an office may belong to any."""
    return tuple(_DIGITS.values()) if level == Level.OFFICE else (_DIGITS[level],)


def ranked(scores: Iterable[Score], least: int) -> list[tuple[Score, int | None]]:
    """Those of a type together, as they have the same targets; best first, each with its place."""
    by_type = sorted(scores, key=lambda each: each.area_type or "")
    return [
        placed
        for _, same in groupby(by_type, key=lambda each: each.area_type)
        for placed in _ranked(same, least)
    ]


def _ranked(scores: Iterable[Score], least: int) -> list[tuple[Score, int | None]]:
    """Best first, each with its place. Equal scores share a place. One judged on less than `least`
    of the weight was not asked the same and has no place: it comes last, by code. Where fewer
    than two remain there is nothing to compare, and no place at all."""
    every = list(scores)
    fit = sorted(
        (each for each in every if each.judged >= least),
        key=lambda each: (-each.score, each.area, each.office),
    )
    rest = sorted(
        (each for each in every if each.judged < least), key=lambda each: (each.area, each.office)
    )
    places: list[tuple[Score, int | None]] = []
    for number, each in enumerate(fit, start=1):
        before = places[-1] if places else None
        same = before is not None and before[0].score == each.score
        place = before[1] if same and before is not None else number
        places.append((each, place if len(fit) > 1 else None))
    return places + [(each, None) for each in rest]


def newest_version(scores: Iterable[Score]) -> list[Score]:
    """Only what was judged by the same rules can be compared: the newest version in use."""
    every = list(scores)
    newest = max((each.scheme_version for each in every), default=0)
    return [each for each in every if each.scheme_version == newest]
