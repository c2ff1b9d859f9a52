"""Decisions about homes and the figures made of them, without any I/O."""

import re
from collections.abc import Mapping
from typing import Final

SMALLEST: Final = 10  # a cell of fewer is not published

_FLOOR_AND_ROOM = re.compile(r"([0-9]{1,2})[0-9]{2}[A-Za-z]?")


def floor_of(number: str, floor: int | None) -> int | None:
    """The floor a room is on: as it was recorded, or as its number tells (101 is on the first,
    1203 on the twelfth floor). None when neither says."""
    if floor is not None:
        return floor
    told = _FLOOR_AND_ROOM.fullmatch(number)
    return int(told[1]) if told and int(told[1]) > 0 else None


def suppressed(cells: Mapping[str, int], total: int) -> frozenset[str]:
    """Which cells must not be published beside their total: those under SMALLEST, and as many
    others, smallest first, as it takes that none of them follows from the rest."""
    hidden = {name for name, value in cells.items() if value < SMALLEST}
    shown = sorted(cells.keys() - hidden, key=lambda name: (cells[name], name))
    if total < SMALLEST:  # the total is hidden itself: nothing follows from it
        return frozenset(hidden)
    while hidden and shown and _follows(hidden, cells):
        hidden.add(shown.pop(0))
    return frozenset(hidden)


def _follows(hidden: set[str], cells: Mapping[str, int]) -> bool:
    return len(hidden) == 1 or sum(cells[name] for name in hidden) < SMALLEST
