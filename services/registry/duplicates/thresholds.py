"""What decisions teach the thresholds (阈值校准), without any I/O.

A logistic curve is laid through what clerks decided: the probability that a pair of a weight is
found to be of one person. The thresholds are where the curve passes REVIEW_AT and STRONG_AT. It
is fitted by Newton's method with the targets of Platt (1999), which keep a clean cut from being
taken for certainty. Pairs below the review threshold are never seen by anybody, so the curve says
little about them: a proposal moves a threshold by at most LARGEST_STEP bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, pstdev
from typing import Final, NamedTuple

REVIEW_AT: Final = 0.05
"""Worth a look: one pair in twenty is of one person."""
STRONG_AT: Final = 0.97
NEEDED: Final = 20
"""Decisions of either kind before anything is proposed."""
LARGEST_STEP: Final = 5.0
_GAP: Final = 1.0  # bits between the two at least
_ROUNDS: Final = 100
_HALVINGS: Final = 20
_ENOUGH: Final = 1e-9
_RIDGE: Final = 1e-6
_LARGEST: Final = 30.0
_FLAT: Final = 0.05  # of slope for a standard deviation of weight: decisions that do not turn


@dataclass(frozen=True, slots=True)
class Thresholds:
    """In bits; see model.weight_of."""

    review: float
    strong: float


@dataclass(frozen=True, slots=True)
class Decided:
    """A pair's weight, and whether it was found to be of one person."""

    weight: float
    same: bool


DEFAULT: Final = Thresholds(review=-2.0, strong=7.0)
"""With no decisions: as likely as one in five, and as 99 in a hundred."""


def proposal(decided: Sequence[Decided], now: Thresholds) -> Thresholds | None:
    """The thresholds that the decisions speak for; None while there are too few of either kind, or
    where weight and decision have nothing to do with each other."""
    same = sum(each.same for each in decided)
    if min(same, len(decided) - same) < NEEDED:
        return None
    curve = _fitted(decided, same)
    if curve is None:
        return None
    start, slope = curve
    review, strong = ((log(p / (1 - p)) - start) / slope for p in (REVIEW_AT, STRONG_AT))
    review = _near(review, now.review)
    return Thresholds(review, max(_near(strong, now.strong), review + _GAP))


def _near(wanted: float, now: float) -> float:
    return round(min(max(wanted, now - LARGEST_STEP), now + LARGEST_STEP), 1)


def _fitted(decided: Sequence[Decided], same: int) -> tuple[float, float] | None:
    """Start and slope of the curve, or None when it does not rise."""
    high, low = (same + 1) / (same + 2), 1 / (len(decided) - same + 2)
    centre = fmean(each.weight for each in decided)
    width = pstdev(each.weight for each in decided)
    if width == 0:
        return None
    points = [((each.weight - centre) / width, high if each.same else low) for each in decided]
    curve = _Curve(0.0, 0.0)
    for _ in range(_ROUNDS):
        better = _better(curve, points)
        if better is None:
            break
        curve = better
    start, slope = curve.start - curve.slope * centre / width, curve.slope / width
    return (start, slope) if curve.slope > _FLAT else None


class _Curve(NamedTuple):
    start: float
    slope: float

    def at(self, x: float) -> float:
        return 1 / (1 + exp(-min(max(self.start + self.slope * x, -_LARGEST), _LARGEST)))

    def loss(self, points: Sequence[tuple[float, float]]) -> float:
        """Cross-entropy; the lower the better the curve."""
        return -sum(
            target * log(self.at(x)) + (1 - target) * log(1 - self.at(x)) for x, target in points
        )


def _better(curve: _Curve, points: Sequence[tuple[float, float]]) -> _Curve | None:
    """One step of Newton's, halved until it is one for the better; None at the end."""
    g0 = g1 = h01 = 0.0
    h00 = h11 = _RIDGE
    for x, target in points:
        p = curve.at(x)
        spread = p * (1 - p)
        g0, g1 = g0 + p - target, g1 + (p - target) * x
        h00, h01, h11 = h00 + spread, h01 + spread * x, h11 + spread * x * x
    whole = h00 * h11 - h01 * h01
    step0, step1 = (h11 * g0 - h01 * g1) / whole, (h00 * g1 - h01 * g0) / whole
    loss = curve.loss(points)
    for _ in range(_HALVINGS):
        tried = _Curve(curve.start - step0, curve.slope - step1)
        if tried.loss(points) < loss - _ENOUGH:
            return tried
        step0, step1 = step0 / 2, step1 / 2
    return None
