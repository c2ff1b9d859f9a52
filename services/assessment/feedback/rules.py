"""What a week says beside the four before it. Pure.

An office is set beside its own past and nobody else's: there is no place in a row, and no number
under ten, which could point at somebody.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from services.assessment.indicators.rules import hundredth
from services.assessment.indicators.schemas import LEAST_CASES

BEFORE: Final = 4  # weeks that a week is set beside
WEEK: Final = timedelta(days=7)
_IN_TIME: Final = frozenset({"in_time", "within_30_days", "migrant_in_time", "local_in_time"})
_LATE: Final = frozenset({"late", "later", "overdue", "migrant_late", "local_late"})


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something of a kind ended in an outcome in a week; `ago` is 0 for the week told
    of, 1 for the one before it …"""

    kind: str
    outcome: str
    ago: int
    n: int
    measured: int
    sum_measure: int


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of the office's work. `weeks` are counts, the week told of last; None is 1 to 9.
    Shares are percent, `days` the mean of what a case took; None where too few cases tell."""

    kind: str
    weeks: tuple[int | None, ...]
    in_time: Decimal | None
    in_time_before: Decimal | None
    days: Decimal | None
    days_before: Decimal | None


@dataclass
class _Sum:
    n: int = 0
    in_time: int = 0
    late: int = 0
    measured: int = 0
    sum_measure: int = 0

    def add(self, each: Counted) -> None:
        self.n += each.n
        self.in_time += each.n if each.outcome in _IN_TIME else 0
        self.late += each.n if each.outcome in _LATE else 0
        self.measured += each.measured
        self.sum_measure += each.sum_measure

    @property
    def share(self) -> Decimal | None:
        told = self.in_time + self.late
        return hundredth(Fraction(100 * self.in_time, told)) if told >= LEAST_CASES else None

    @property
    def mean(self) -> Decimal | None:
        if self.measured < LEAST_CASES:
            return None
        return hundredth(Fraction(self.sum_measure, self.measured))


@dataclass
class _Kind:
    weeks: Mapping[int, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    before: _Sum = field(default_factory=_Sum)


def lines_of(counted: Iterable[Counted]) -> list[Line]:
    """The lines of one office, by kind; a kind without a case in all five weeks has none."""
    kinds: dict[str, _Kind] = defaultdict(_Kind)
    for each in counted:
        kinds[each.kind].weeks[each.ago].add(each)
        if each.ago:
            kinds[each.kind].before.add(each)
    return [_line(kind, found) for kind, found in sorted(kinds.items())]


def _line(kind: str, found: _Kind) -> Line:
    now = found.weeks[0]
    counts = [found.weeks[ago].n for ago in range(BEFORE, -1, -1)]
    return Line(
        kind=kind,
        weeks=tuple(n if n == 0 or n >= LEAST_CASES else None for n in counts),
        in_time=now.share,
        in_time_before=found.before.share,
        days=now.mean,
        days_before=found.before.mean,
    )


def week_to_tell(today: date, newest: date | None, most: int = BEFORE) -> date | None:
    """The Monday of the oldest week that has ended and was not told of; at most `most` weeks are
    made up for. `newest` is the last one told of."""
    last = today - timedelta(days=today.weekday()) - WEEK
    if newest is None:
        return last
    following = max(newest + WEEK, last - (most - 1) * WEEK)
    return following if following <= last else None
