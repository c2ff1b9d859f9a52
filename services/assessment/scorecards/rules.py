"""How values become points and points a score. Pure and exact: fractions throughout, rounded half
up to the hundredth at the end of each figure that is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from services.assessment.indicators.rules import hundredth
from services.assessment.schemes.rules import steps_of
from services.assessment.schemes.schemas import Bounds, Curve, QualityItem, SchemeItem

APPEAL_DAYS: Final = 15
_WEIGHT: Final = 10_000  # weights are kept to four digits


class Standing(StrEnum):
    """How firm a scorecard is."""

    PRELIMINARY = "preliminary"  # 初步
    PUBLISHED = "published"  # 已公布, may still be appealed
    APPEALED = "appealed"  # 申诉中
    FINAL = "final"  # 最终
    SUPERSEDED = "superseded"  # 已被新版取代


def standing_of(status: str, until: date | None, under_appeal: bool, today: date) -> Standing:
    """From a card's status, the last day to appeal, and whether an appeal is open."""
    if status != Standing.PUBLISHED or until is None:
        return Standing(status)
    if under_appeal:
        return Standing.APPEALED
    return Standing.FINAL if today > until else Standing.PUBLISHED


def points_of(item: SchemeItem, value: Decimal) -> Decimal:
    """The points a value earns. From the rounded value that the scorecard shows, so that anybody
    can follow it by hand."""
    reach = _reach(item, value)
    if item.curve == Curve.LINEAR:
        points = Fraction(item.weight) * min(max(reach, Fraction(0)), Fraction(1))
    else:
        points = _of_steps(item, value)
    if reach > 1 and item.cap is not None:
        beyond = Fraction(item.bonus) * abs(Fraction(value) - Fraction(item.target))
        points = min(Fraction(item.weight) + beyond, Fraction(item.cap))
    return hundredth(points)


def taken_by(item: QualityItem, value: Decimal) -> Decimal:
    """What poor data takes from a score, in percent of it (数据质量折扣)."""
    short = 1 - min(max(_reach(item, value), Fraction(0)), Fraction(1))
    return hundredth(Fraction(item.most) * short)


def score_of(
    items: Iterable[tuple[Decimal, Decimal | None]], taken: Iterable[Decimal] = ()
) -> Decimal | None:
    """The score from (weight, points): points per hundred of the weight that could be judged, less
    what poor data takes, in percent. An indicator without cases neither helps nor hurts. None when
    nothing could be judged."""
    counted = [(Fraction(w), Fraction(p)) for w, p in items if p is not None]
    weights = sum((weight for weight, _ in counted), Fraction(0))
    if not weights:
        return None
    earned = sum((points for _, points in counted), Fraction(0))
    left = 100 - sum((Fraction(each) for each in taken), Fraction(0))
    return hundredth(earned * left / weights)


@dataclass(frozen=True, slots=True)
class Share:
    """What an indicator gave in one part of a period that two versions judge: `days` of it."""

    days: int
    weight: Decimal
    points: Decimal | None


def joined(shares: Sequence[Share], days: int) -> tuple[Decimal, Decimal | None]:
    """Weight and points of an indicator over a period of so many days, each part by its days. A
    part without cases has no weight, unless none has cases."""
    judged = [each for each in shares if each.points is not None]
    weight = sum((Fraction(each.weight) * each.days for each in judged or shares), Fraction(0))
    rounded = (Decimal((weight * _WEIGHT / days * 2 + 1) // 2) / _WEIGHT).quantize(
        Decimal("0.0001")
    )
    if not judged:
        return rounded, None
    points = sum((Fraction(each.points or 0) * each.days for each in judged), Fraction(0))
    return rounded, hundredth(points / days)


def appeal_until(published_on: date) -> date:
    """The last day on which a published scorecard can be appealed."""
    return published_on + timedelta(days=APPEAL_DAYS)


def _reach(bounds: Bounds, value: Decimal) -> Fraction:
    """How far a value got on the way from the floor (0) to the target (1)."""
    floor = Fraction(bounds.floor)
    return (Fraction(value) - floor) / (Fraction(bounds.target) - floor)


def _of_steps(item: SchemeItem, value: Decimal) -> Fraction:
    up = 1 if item.target > item.floor else -1
    reached = [each.points for each in steps_of(item) if (value - each.at) * up >= 0]
    return Fraction(max(reached, default=Decimal(0)))
