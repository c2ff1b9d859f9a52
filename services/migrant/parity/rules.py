"""Equal-service figures: periods, rates, and what of them may be published. Pure."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.suppression import ROUNDED_TO, SMALLEST

PATTERN: Final = r"^20[0-9]{2}(-(Q[1-4]|0[1-9]|1[0-2]))?$"
_QUARTER: Final = re.compile(r"([0-9]{4})-Q([1-4])")


@dataclass(frozen=True, slots=True)
class Period:
    """A year, a quarter or a month, both days included."""

    name: str
    since: date
    until: date


def period_of(name: str) -> Period:
    """2026, 2026-Q1 or 2026-03. Raises ValueError for anything else."""
    if not re.fullmatch(PATTERN, name):
        raise ValueError("a period is written 2026, 2026-Q1 or 2026-03")
    quarter = _QUARTER.fullmatch(name)
    if quarter:
        year, first = int(quarter[1]), int(quarter[2]) * 3 - 2
        last = first + 2
    elif len(name) > 4:
        year, first = int(name[:4]), int(name[5:])
        last = first
    else:
        year, first, last = int(name), 1, 12
    return Period(name, date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def per_thousand(people: int | None, base: int | None) -> float | None:
    """How many of 1,000 were served, to one decimal, from figures that may be shown; None where
    either may not or the base is unknown."""
    if people is None or base is None or base < SMALLEST:
        return None
    return round(people * 1000 / base, 1)


def per_head(amount_fen: int, base: int | None) -> int | None:
    """Fen a head, a half rounded up."""
    if base is None or base < SMALLEST:
        return None
    return (2 * amount_fen + base) // (2 * base)


def ratio(migrant: float | None, usual: float | None) -> float | None:
    """Migrants' figure as a share of the locals': 1.0 is parity (均等)."""
    return None if migrant is None or not usual else round(migrant / usual, 2)


def median(days: Sequence[int]) -> float | None:
    """Of the days that referrals took; None for fewer than SMALLEST."""
    if len(days) < SMALLEST:
        return None
    ordered, half = sorted(days), len(days) // 2
    return float(ordered[half]) if len(days) % 2 else (ordered[half - 1] + ordered[half]) / 2


def share_in_time(in_time: Sequence[bool]) -> int | None:
    """Percent answered within their days, rounded to 5; None for fewer than SMALLEST."""
    if len(in_time) < SMALLEST:
        return None
    return round(sum(in_time) * 20 / len(in_time)) * ROUNDED_TO
