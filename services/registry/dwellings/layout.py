"""Where each room of a building stands in its plan: floors down the page, units (单元) across it,
broken into bands where the building is wider than a page. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.registry.dwellings.rules import floor_of

COLUMNS: Final = 10  # rooms side by side that stay readable on A4


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """A room as the plan shows it: `people` live in it, `let` tells whether it is let."""

    number: str
    unit: str
    floor: int | None
    use: str
    capacity: int | None
    people: int
    let: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A unit, or the piece of a wide one, within a band: `width` columns, and the rooms of each
    floor in order."""

    unit: str
    width: int
    floors: dict[int | None, list[PlanRoom]]


@dataclass(frozen=True, slots=True)
class Band:
    """Parts side by side; `floors` from the top down, None (floor not known) last."""

    parts: list[Part]
    floors: list[int | None]

    @property
    def columns(self) -> int:
        return sum(part.width for part in self.parts)


def bands_of(rooms: Sequence[PlanRoom]) -> list[Band]:
    """The plan of a building; empty when it has no rooms."""
    bands: list[Band] = []
    waiting: list[Part] = []
    for part in _parts_of(rooms):
        if waiting and sum(each.width for each in waiting) + part.width > COLUMNS:
            bands.append(_band(waiting))
            waiting = []
        waiting.append(part)
    return [*bands, _band(waiting)] if waiting else bands


def _parts_of(rooms: Sequence[PlanRoom]) -> list[Part]:
    units: dict[str, dict[int | None, list[PlanRoom]]] = defaultdict(lambda: defaultdict(list))
    for room in sorted(rooms, key=lambda each: _natural(each.number)):
        units[room.unit][floor_of(room.number, room.floor)].append(room)
    parts = []
    for unit in sorted(units, key=_natural):
        widest = max(len(inside) for inside in units[unit].values())
        for start in range(0, widest, COLUMNS):
            floors = {
                floor: inside[start : start + COLUMNS]
                for floor, inside in units[unit].items()
                if inside[start : start + COLUMNS]
            }
            width = max(len(inside) for inside in floors.values())
            parts.append(Part(unit, width, floors))
    return parts


def _band(parts: list[Part]) -> Band:
    floors = {floor for part in parts for floor in part.floors}
    known = sorted((floor for floor in floors if floor is not None), reverse=True)
    return Band(parts, [*known, None] if None in floors else [*known])


def _natural(text: str) -> tuple[int, str]:
    """2 comes before 10."""
    digits = "".join(each for each in text if each in "0123456789")
    return (int(digits[:9]) if digits else 0, text)
