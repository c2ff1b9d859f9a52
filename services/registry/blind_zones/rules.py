"""Blind zones decided without any I/O: what a scan takes for one, and how one is dealt with."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians

from shared.codes import parent_of


class ZoneKind(StrEnum):
    """The three kinds of blind zone (盲区)."""

    UNCLEAR_OWNER = "unclear-owner"  # 边界清、归属不清
    NO_COMMITTEE = "no-committee"  # 未建社区或未完全入住
    UNCLEAR_BOUNDARY = "unclear-boundary"  # 边界不清


class Finding(StrEnum):
    """How it was found: by whom, or by which rule of the scan."""

    REPORTED = "reported"  # somebody said so
    AREA_ENDED = "area-ended"  # people or homes under a code that was abolished
    NOT_ON_MAP = "not-on-map"  # under a code that never was
    ABOVE_VILLAGE = "above-village"  # under a township or the county, where there are villages
    TOWNSHIP_WITHOUT_VILLAGES = "township-without-villages"
    HALF_EMPTY_ESTATE = "half-empty-estate"  # 20 homes or more, and more than half are empty
    INTERLEAVED = "interleaved-dwellings"  # homes of two villages among each other


KIND_OF: Mapping[Finding, ZoneKind] = {
    Finding.AREA_ENDED: ZoneKind.UNCLEAR_OWNER,
    Finding.NOT_ON_MAP: ZoneKind.UNCLEAR_OWNER,
    Finding.ABOVE_VILLAGE: ZoneKind.UNCLEAR_OWNER,
    Finding.TOWNSHIP_WITHOUT_VILLAGES: ZoneKind.NO_COMMITTEE,
    Finding.HALF_EMPTY_ESTATE: ZoneKind.NO_COMMITTEE,
    Finding.INTERLEAVED: ZoneKind.UNCLEAR_BOUNDARY,
}


class ZoneStatus(StrEnum):
    FOUND = "found"  # 已发现
    ASSIGNED = "assigned"  # 已代管: a neighbouring community takes care
    HANDING_OVER = "handing-over"  # 移交中: duty by duty; the caretaker answers until the end
    SETTLED = "settled"  # 已办结


class ZoneAction(StrEnum):
    ASSIGN = "assign"
    HAND_OVER = "hand-over"
    SETTLE = "settle"
    UNDO = "undo"


class ZoneOutcome(StrEnum):
    HANDED_OVER = "handed-over"  # 已移交
    IN_ORDER = "in-order"  # 查无问题: it was no blind zone


class DutyBasis(StrEnum):
    """Why an office answers for a place."""

    CARETAKER = "caretaker"  # 代管
    OWNER = "owner"  # 移交后的管理单位


FOLLOWS: Mapping[ZoneAction, frozenset[ZoneStatus]] = {
    ZoneAction.ASSIGN: frozenset({ZoneStatus.FOUND, ZoneStatus.ASSIGNED}),
    ZoneAction.HAND_OVER: frozenset({ZoneStatus.ASSIGNED}),
}


def may_settle(status: ZoneStatus, outcome: ZoneOutcome, phases_open: int) -> bool:
    """Handed over only after every phase; in order at any time before."""
    if outcome is ZoneOutcome.HANDED_OVER:
        return status is ZoneStatus.HANDING_OVER and phases_open == 0
    return status is not ZoneStatus.SETTLED


@dataclass(frozen=True, slots=True)
class Found:
    """A blind zone that the scan sees."""

    finding: Finding
    region: str
    other_region: str | None = None
    estate: str | None = None


def zones_on_map(used: Iterable[str], areas: Iterable[str], ever: Iterable[str]) -> list[Found]:
    """Codes in use that no committee answers for. `areas` are today's, `ever` all there were."""
    today, past = set(areas), set(ever)
    with_parts = {parent_of(code) for code in today}
    found = set()
    for code in used:
        if len(code) == 12 and code in today:
            continue
        township = code[:9]
        if code not in today and code in past:
            found.add(Found(Finding.AREA_ENDED, code))
        elif len(code) >= 9 and township in today and township not in with_parts:
            found.add(Found(Finding.TOWNSHIP_WITHOUT_VILLAGES, township))
        elif code not in today:
            found.add(Found(Finding.NOT_ON_MAP, code))
        else:
            found.add(Found(Finding.ABOVE_VILLAGE, code))
    return sorted(found, key=lambda each: (each.region, each.finding))


@dataclass(frozen=True, slots=True)
class Point:
    """A dwelling on the map, in degrees WGS 84."""

    region: str
    longitude: float
    latitude: float


NEAREST = 5
FOREIGN = 4
STRAYS = 3
_CELL = 0.001  # degrees of latitude, about 111 m
_Cell = tuple[int, int]


def unclear_boundaries(points: Sequence[Point]) -> list[Found]:
    """Two villages whose homes lie among each other: at least STRAYS homes of either have, of
    their NEAREST homes within some 150 m, FOREIGN or more of the other village. Along a straight
    border every home still has most of its own village around it."""
    cells: dict[_Cell, list[Point]] = defaultdict(list)
    for each in points:
        cells[_cell_of(each)].append(each)
    strays: Counter[tuple[str, str]] = Counter()
    for cell, inside in cells.items():
        around = [
            each
            for east in (-1, 0, 1)
            for north in (-1, 0, 1)
            for each in cells.get((cell[0] + east, cell[1] + north), ())
        ]
        if len({each.region for each in around}) < 2:
            continue
        for point in inside:
            other = _village_around(point, around)
            if other is not None:
                strays[min(point.region, other), max(point.region, other)] += 1
    return [
        Found(Finding.INTERLEAVED, first, second)
        for (first, second), count in sorted(strays.items())
        if count >= STRAYS
    ]


def _cell_of(point: Point) -> _Cell:
    east = point.longitude * cos(radians(round(point.latitude)))
    return int(east // _CELL), int(point.latitude // _CELL)


def _village_around(point: Point, around: Iterable[Point]) -> str | None:
    """The other village that most of the nearest homes belong to, if there is one."""
    narrow = cos(radians(point.latitude))

    def distance(other: Point) -> float:
        east = (other.longitude - point.longitude) * narrow
        north = other.latitude - point.latitude
        return east * east + north * north

    others = sorted((each for each in around if each is not point), key=distance)[:NEAREST]
    if len(others) < NEAREST:
        return None
    ((village, count),) = Counter(each.region for each in others).most_common(1)
    return village if village != point.region and count >= FOREIGN else None
