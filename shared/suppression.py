"""Which figures of a table must stay hidden so that no small group can be told from the rest. Pure.

Figures hang together: a whole is the sum of its parts, across a table and from villages up to the
county. A figure under SMALLEST is hidden, and with it as many others as it takes that neither it
nor a small sum follows from what is shown. What follows is decided by linear algebra over all
balances together: a hidden figure may be the difference of two that are safe one by one.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

SMALLEST: Final = 10  # a group of fewer people is not published
ROUNDED_TO: Final = 5

Cell = TypeVar("Cell", bound=Hashable)
Row = dict[Cell, int]

_PRIME: Final = (1 << 61) - 1  # exact arithmetic without fractions that grow


@dataclass(frozen=True, slots=True)
class Balance(Generic[Cell]):
    """The figures on the left are together as many as those on the right, but for what everybody
    may know."""

    left: tuple[Cell, ...]
    right: tuple[Cell, ...]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.left + self.right


def hidden_cells(values: Mapping[Cell, int], balances: Sequence[Balance[Cell]]) -> frozenset[Cell]:
    """The cells not to be published. Where another has to go with a small one, it is the one
    that hangs on the fewest balances, and of those the smallest: hiding it draws the fewest others
    after it. That there is nobody is hidden too, but may be told."""
    hidden = {cell for cell, value in values.items() if value < SMALLEST}
    secret = {cell for cell in hidden if values[cell] > 0}
    touching: dict[Cell, list[Balance[Cell]]] = defaultdict(list)
    for each in balances:
        for cell in each.cells:
            touching[cell].append(each)

    def hide_one(among: Iterable[Cell]) -> bool:
        shown = [cell for cell in among if cell not in hidden]
        if shown:
            hidden.add(min(shown, key=lambda cell: (len(touching[cell]), values[cell])))
        return bool(shown)

    while True:
        while any([_too_small(each, hidden, values) and hide_one(each.cells) for each in balances]):
            pass
        given_away = [cell for cell in told(hidden, balances) if cell in secret]
        if not any([hide_one(_around(cell, touching, hidden)) for cell in given_away]):
            return frozenset(hidden)


def told(hidden: Iterable[Cell], balances: Iterable[Balance[Cell]]) -> list[Cell]:
    """The hidden cells whose value follows from all that is shown."""
    inside = set(hidden)
    solved: dict[Cell, Row[Cell]] = {}  # by pivot, each with no other pivot in it
    holders: dict[Cell, set[Cell]] = defaultdict(set)  # cell → pivots whose row has it
    for each in balances:
        row = {cell: 1 for cell in each.left if cell in inside}
        row |= {cell: -1 for cell in each.right if cell in inside}
        for cell in [cell for cell in row if cell in solved]:
            _subtract(row, solved[cell], row[cell])
        if not row:
            continue
        pivot = next(iter(row))
        inverse = pow(row[pivot], -1, _PRIME)
        row = {cell: factor * inverse % _PRIME for cell, factor in row.items()}
        for other in list(holders[pivot]):
            before = set(solved[other])
            _subtract(solved[other], row, solved[other][pivot])
            _reindex(other, before, set(solved[other]), holders)
        solved[pivot] = row
        _reindex(pivot, set(), set(row), holders)
    return [pivot for pivot, row in solved.items() if len(row) == 1]


def _reindex(
    pivot: Cell, before: set[Cell], after: set[Cell], holders: dict[Cell, set[Cell]]
) -> None:
    for cell in before - after:
        holders[cell].discard(pivot)
    for cell in after - before:
        holders[cell].add(pivot)


def _subtract(row: Row[Cell], other: Row[Cell], factor: int) -> None:
    for cell, value in other.items():
        left = (row.get(cell, 0) - factor * value) % _PRIME
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)


def _too_small(each: Balance[Cell], hidden: set[Cell], values: Mapping[Cell, int]) -> bool:
    inside = [cell for cell in each.cells if cell in hidden]
    return len(inside) < len(each.cells) and 0 < sum(values[cell] for cell in inside) < SMALLEST


def _around(
    start: Cell, touching: Mapping[Cell, list[Balance[Cell]]], hidden: set[Cell]
) -> tuple[Cell, ...]:
    """The cells of the nearest balance, over hidden cells, that still shows something."""
    seen, queue = {start}, [start]
    while queue:
        cell = queue.pop(0)
        for each in touching[cell]:
            if any(other not in hidden for other in each.cells):
                return each.cells
            fresh = [other for other in each.cells if other not in seen]
            seen.update(fresh)
            queue.extend(fresh)
    return ()


def published(count: int) -> int | None:
    """A count of a table with many cells: rounded, so that tables of a region and of its parts
    cannot be subtracted, and nothing under SMALLEST."""
    return None if count < SMALLEST else round_to(count, ROUNDED_TO)


def round_to(count: int, step: int) -> int:
    """The nearest multiple of `step`; a half goes up."""
    return (count + step // 2) // step * step
