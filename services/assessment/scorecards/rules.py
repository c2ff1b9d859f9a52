"""How values become points and points a score, and which counts may be shown. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from services.assessment.indicators.rules import HUNDREDTH
from services.assessment.indicators.schemas import LEAST_CASES
from services.assessment.schemes.schemas import Curve, SchemeItem

APPEAL_DAYS: Final = 15


def points_of(item: SchemeItem, value: Decimal) -> Decimal:
    """The points a value earns, rounded half up to the hundredth. From the rounded value that the
    scorecard shows, so that anybody can follow it by hand."""
    reach = (value - item.floor) / (item.target - item.floor)
    if item.curve == Curve.LINEAR:
        points = item.weight * min(max(reach, Decimal(0)), Decimal(1))
    elif reach >= 1:
        points = item.weight
    else:
        points = item.weight / 2 if reach >= 0 else Decimal(0)
    if reach > 1 and item.cap is not None:
        points = min(item.weight + item.bonus * abs(value - item.target), item.cap)
    return points.quantize(HUNDREDTH, ROUND_HALF_UP)


def score_of(items: Iterable[tuple[Decimal, Decimal | None]]) -> Decimal | None:
    """The score from (weight, points): points per hundred of the weight that could be judged. An
    indicator without cases neither helps nor hurts. None when nothing could be judged."""
    counted = [(weight, points) for weight, points in items if points is not None]
    weights = sum((weight for weight, _ in counted), Decimal(0))
    if not weights:
        return None
    earned = sum((points for _, points in counted), Decimal(0))
    return (earned * 100 / weights).quantize(HUNDREDTH, ROUND_HALF_UP)


def appeal_until(published_on: date) -> date:
    """The last day on which a published scorecard can be appealed."""
    return published_on + timedelta(days=APPEAL_DAYS)


def visible(counts: Sequence[int]) -> list[bool]:
    """Which cells of one total may be shown. One to nine are hidden; while what is hidden could
    be worked out from the total to fewer than ten, the smallest shown cell is hidden as well."""
    shown = [count == 0 or count >= LEAST_CASES for count in counts]
    by_size = sorted((count, place) for place, count in enumerate(counts) if count)
    for _, place in by_size:
        hidden = sum(count for count, seen in zip(counts, shown, strict=True) if not seen)
        if hidden == 0 or hidden >= LEAST_CASES:
            break
        shown[place] = False
    return shown
