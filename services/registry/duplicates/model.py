"""The linkage model (重复比对模型) in one place, for every backend: what is compared, who is
compared, and what a pair weighs. linking.py runs it on Splink; `weigh` on a single pair."""

from dataclasses import dataclass
from math import exp2, log2
from typing import Final

from services.registry.duplicates.comparisons import (
    BIRTH,
    FAMILY,
    HUKOU,
    ID_NUMBER,
    PHONE,
    SEX,
)
from services.registry.duplicates.levels import Comparison, Level
from services.registry.duplicates.name_comparison import NAME
from services.registry.duplicates.rules import Record

VERSION: Final = "2026-11"
"""Of the model. Thresholds are learned from decisions about pairs weighed by the same version."""

DUPLICATES_EACH: Final = 0.01
"""Records that are a second one of somebody, as a share: what linkage of registers finds. With the
number of records it gives the prior, the weight of a pair that nothing is known of."""
FEWEST: Final = 100_000
"""Records a search is taken to have at least: in a village's few records a birthday shared by
chance is as rare as in a county's, but a prior made of their number alone would not know it."""
SMOOTHING: Final = 5_000
"""Records of the level's own frequency added to those counted, so that the names of a small
register are not taken for common ones."""
RAREST: Final = 1e-5
"""No name counts as rarer than that: a slip of the pen is not rare, it is wrong."""

COMPARISONS: Final = (NAME, BIRTH, ID_NUMBER, SEX, PHONE, FAMILY, HUKOU)
LEVELS: Final[dict[str, tuple[Comparison, Level]]] = {
    level.code: (comparison, level)
    for comparison in COMPARISONS
    for level in (*comparison.levels, *([comparison.missing] if comparison.missing else []))
}

# Who is compared: records that agree on all columns of one of these. No rule lets through more
# than a few pairs a record, or a county's billions would be left.
_YEAR: Final = "substr(born, 1, 4)"
_DAY: Final = "substr(born, 5, 4)"
_AREA: Final = "substr(id17, 1, 6)"
_SERIAL: Final = "substr(id17, 15)"
BLOCKS: Final = (
    ("unordered", "born"),
    ("family_sound", "born", "sex"),
    ("shape", "born"),
    ("given", "born"),
    ("region", "born", "sex"),
    ("household", "born"),
    ("phone", "born"),
    ("name", "phone"),
    ("substr(id17, 7)",),
    ("unordered", _YEAR),
    ("unordered", _DAY),
    (_AREA, _SERIAL, "family_sound", _YEAR),
    (_AREA, _SERIAL, "family_sound", _DAY),
)


def prior(records: int) -> float:
    """The probability that two of so many records, taken by chance, are of one person."""
    return DUPLICATES_EACH / max(records, FEWEST)


def weight_of(probability: float) -> float:
    """Bits for a probability; 0 is as likely as not."""
    return log2(probability / (1 - probability))


def probability_of(weight: float) -> float:
    """The probability that a weight stands for."""
    return 1 / (1 + exp2(min(-weight, 1000)))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a pair came out at: the levels with their weights, and the sum with the prior."""

    codes: tuple[str, ...]
    weights: tuple[float, ...]
    weight: float


def weigh(one: Record, other: Record, records: int) -> Finding:
    """Weigh one pair without a backend. Names count as commonly as the model says: a registration
    has nobody to count."""
    levels = [comparison.level_of(one, other) for comparison in COMPARISONS]
    weights = tuple(level.weight for level in levels)
    return Finding(
        codes=tuple(level.code for level in levels),
        weights=weights,
        weight=sum(weights) + weight_of(prior(records)),
    )
