"""Under which area a fact is counted when the map changes (区划调整). Pure.

What was counted before the day of a change stays where it was counted; what happened on that day
or later belongs to the area that came of it, whichever of the two codes the event still used.
Where the map leaves it open (a township that became several, a place that was not there yet and
came from nowhere) the fact goes to the area around, so that the county loses nothing and no
township answers for what may not be its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.codes import parent_of

MERGE = "merge"
_TOWNSHIP = 9  # digits; counties and above do not change here


@dataclass(frozen=True, slots=True)
class AreaChange:
    """A change of the map: `pairs` are (from, to), as RegionsChanged says them; both the same
    where an area goes on, one of them None where one is established or abolished. `names` says
    what areas are called from then on."""

    change_id: UUID
    kind: str
    effective_on: date
    pairs: tuple[tuple[str | None, str | None], ...]
    reverses: UUID | None = None
    names: tuple[tuple[str, str], ...] = ()

    def successors(self, code: str) -> list[str]:
        return [to for source, to in self.pairs if source == code and to is not None]

    def predecessors(self, code: str) -> list[str]:
        return [source for source, to in self.pairs if to == code and source is not None]

    def touches(self, code: str) -> bool:
        return any(code in pair for pair in self.pairs)

    def had(self, code: str) -> bool:
        """Whether the area was there before. What a merger takes in goes on under the code of one
        of them as well as under a new one: a fact under that code is of the merged area."""
        return self.kind == MERGE or any(source == code for source, _ in self.pairs)

    def has(self, code: str) -> bool:
        """Whether the area is there afterwards."""
        return any(to == code for _, to in self.pairs)


def place_of(code: str, day: date, changes: Iterable[AreaChange]) -> str:
    """The area that a fact of that day under that code belongs to."""
    return _place(code, day, _in_order(changes), frozenset())


def lines(changes: Iterable[AreaChange]) -> set[tuple[str, str]]:
    """Pairs of an area and one that became it as a whole, directly or not: its figures are the
    area's own past. What a reversal undid is no past of anybody."""
    every = _in_order(changes)
    undone = {each.reverses for each in every}
    found = {
        (to, source)
        for each in every
        if each.change_id not in undone
        for source, to in each.pairs
        if source and to and source != to and each.successors(source) == [to]
    }
    while more := {(a, c) for a, b in found for b2, c in found if b == b2 and a != c} - found:
        found |= more
    return found


def _in_order(changes: Iterable[AreaChange]) -> list[AreaChange]:
    return sorted(changes, key=lambda each: (each.effective_on, each.change_id))


def _place(code: str, day: date, changes: Sequence[AreaChange], passed: frozenset[str]) -> str:
    if len(code) < _TOWNSHIP or code in passed:
        return code
    touching = [each for each in changes if each.touches(code)]
    if not touching:  # a village goes with its township
        around = _around(code)
        placed = _place(around, day, changes, passed)
        return code if placed == around else placed
    begun = [each for each in touching if each.effective_on <= day]
    if begun:
        there, others = begun[-1].has(code), begun[-1].successors(code)
    else:
        there, others = touching[0].had(code), touching[0].predecessors(code)
    if there:
        return code
    other = others[0] if len(others) == 1 else _around(code)
    return _place(other, day, changes, passed | {code})


def _around(code: str) -> str:
    return parent_of(code) or code
