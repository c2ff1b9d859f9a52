"""Breaking a number down so that the parts add up to it exactly. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate

from chinese_calendar.constants import holidays, workdays

from services.assessment.errors import NeverScored
from services.assessment.facts.kinds import KINDS, Kind
from shared.problems import Text

MONTHS = 12
# What an office may plan a number of: what it gives of itself. How many come, ask, are born or are
# written about is nobody's to plan.
PLANNED = frozenset({Kind.SERVICE_DELIVERED, Kind.REFERRAL_ENDED})


def check_planned(kinds: Sequence[str]) -> None:
    """Raises NeverScored for what is no office's own work."""
    for kind in kinds:
        if kind not in PLANNED:
            name = KINDS[Kind(kind)].name if kind in KINDS else Text(kind, kind)
            raise NeverScored(
                Text(
                    f"“{name.zh}”的数量不得作为年度目标",
                    f"The number of {name.en} is nobody's annual target",
                ),
                topic=kind,
            )


def apportioned(total: int, shares: Sequence[int]) -> list[int]:
    """`total` in whole parts in proportion to `shares` (largest remainders, 最大余数法): none is a
    whole unit away from its exact part, and they add up. Of equal remainders the first has
    precedence. Shares of nothing at all are taken as equal. Raises ValueError for a negative
    number, or no shares."""
    if not shares or total < 0 or min(shares) < 0:
        raise ValueError("no parts, or a negative number")
    weights = list(shares) if any(shares) else [1] * len(shares)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(each) for each in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for number in by_remainder[: total - sum(parts)]:
        parts[number] += 1
    return parts


def broken_down(total: int, offices: Sequence[int], months: Sequence[int]) -> list[list[int]]:
    """A row an office, a figure a month: the offices by `offices`, each one's part by `months`."""
    return [apportioned(part, months) for part in apportioned(total, offices)]


def working_days(year: int) -> list[int]:
    """The working days of each month, by the State Council's calendar where it is published
    (国务院办公厅节假日安排), otherwise Monday to Friday."""
    counts = [0] * MONTHS
    day = date(year, 1, 1)
    while day.year == year:
        working = day in workdays or (day.weekday() < 5 and day not in holidays)
        counts[day.month - 1] += working
        day += timedelta(days=1)
    return counts


def adds_up(cells: Sequence[Sequence[int]], total: int) -> bool:
    return sum(sum(row) for row in cells) == total


def sums(months: Sequence[int]) -> list[int]:
    """Running sums from January on."""
    return list(accumulate(months))


def shown_sums(running: Sequence[int], least: int) -> list[int | None]:
    """Running sums as they may be shown: none that tells of one to `least` - 1 more than the one
    shown before it."""
    shown: list[int | None] = []
    before = 0
    for each in running:
        more = each - before
        open_ = more == 0 or more >= least
        shown.append(each if open_ else None)
        before = each if open_ else before
    return shown
