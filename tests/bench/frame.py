"""How a number is taken: ours and its limit in turn (A B A B …) on the same machine in one run.

A single measurement says little on a shared machine, so every round yields one ratio of
neighbours in time, and the result is the median ratio with the spread of all rounds.
"""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Figures = Mapping[str, float]
Measure = Callable[[], Awaitable[Figures]]


@dataclass(frozen=True)
class Goal:
    """What the ratio ours ÷ limit of one figure has to be: at least `bound`, or at most."""

    figure: str
    unit: str
    bound: float
    at_least: bool

    def met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    @property
    def text(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass
class Contest:
    """One row of the table of numbers: the two sides, and what is demanded. `notes` may grow
    while it is measured."""

    row: int
    what: str
    against: str
    goals: Sequence[Goal]
    ours: Measure
    limit: Measure
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """One line of the table. The medians are of each side alone, the ratios of each round."""

    row: int
    what: str
    against: str
    goal: Goal
    ours: float
    limit: float
    ratios: Sequence[float]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def met(self) -> bool:
        return self.goal.met(self.ratio)


async def measure(contest: Contest, rounds: int) -> list[Result]:
    """Warm up once, then take `rounds` pairs; one result a goal."""
    await contest.ours()
    await contest.limit()
    pairs: list[tuple[Figures, Figures]] = []
    for number in range(1, rounds + 1):
        gc.collect()
        ours = await contest.ours()
        limit = await contest.limit()
        pairs.append((ours, limit))
        print(f"  row {contest.row} round {number}: {_line(ours)} | {_line(limit)}", flush=True)
    return [_result(contest, goal, pairs) for goal in contest.goals]


def _line(figures: Figures) -> str:
    return ", ".join(f"{name} {value:,.2f}" for name, value in figures.items())


def _result(contest: Contest, goal: Goal, pairs: Sequence[tuple[Figures, Figures]]) -> Result:
    ours = [pair[0][goal.figure] for pair in pairs]
    limit = [pair[1][goal.figure] for pair in pairs]
    return Result(
        row=contest.row,
        what=contest.what,
        against=contest.against,
        goal=goal,
        ours=median(ours),
        limit=median(limit),
        ratios=[a / b for a, b in zip(ours, limit, strict=True)],
    )
