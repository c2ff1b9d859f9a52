"""Decisions about stays, without any I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.migrant.errors import (
    AlreadyArrived,
    DayPassed,
    DepartureBeforeArrival,
    OverlapsStay,
    SamePlace,
)
from shared.suppression import Balance, hidden_cells, published

FARTHEST: Final = timedelta(days=731)  # nobody says today what she does in three years


class Doubt(StrEnum):
    """What about a stay is not certain (存疑). A question for the desk, and nothing to hold against
    anybody."""

    UNKNOWN_ROOM = "unknown-room"  # 查无此房
    CLOSED_ROOM = "closed-room"  # 房屋已停用
    OTHER_REGION = "other-region"  # 房屋不在所填地区
    RECORDED_DEAD = "recorded-dead"  # 登记为死亡
    ID_NUMBER_CONFLICT = "id-number-conflict"  # 证件号码冲突
    REGION_SPLIT = "region-split"  # 所在地区已拆分
    UNKNOWN_REGION = "unknown-region"  # 所在地区代码待核
    UNKNOWN_HOME = "unknown-home"  # 户籍地代码待核: of before the list, or split since


# What a correction may have settled: by field, the doubts that it answers.
ANSWERED: Final[Mapping[str, frozenset[Doubt]]] = {
    "room_id": frozenset({Doubt.UNKNOWN_ROOM, Doubt.CLOSED_ROOM, Doubt.OTHER_REGION}),
    "region": frozenset({Doubt.OTHER_REGION, Doubt.REGION_SPLIT, Doubt.UNKNOWN_REGION}),
    "origin_region": frozenset({Doubt.UNKNOWN_HOME}),
}
OF_ROOM: Final = ANSWERED["room_id"]


def check_arrival(
    region: str,
    arrived_on: date,
    *,
    last_region: str | None,
    last_arrived_on: date | None,
    last_until: date | None,
) -> None:
    """Whether an arrival can follow the person's latest stay (all None for the first).

    Raises AlreadyArrived for the same place and day, OverlapsStay when it is not after what is
    registered. An open stay is no obstacle: it ends as a move (县内变更)."""
    if last_arrived_on is None:
        return
    still_open = last_until is None
    if still_open and last_region == region and last_arrived_on == arrived_on:
        raise AlreadyArrived()
    check_bounds(arrived_on, None, last_until or last_arrived_on, None)


def check_move(same_region: bool, same_room: bool) -> None:
    """Raises SamePlace where nothing changes."""
    if same_region and same_room:
        raise SamePlace()


def counts_since(
    arrived_on: date, last_until: date | None, last_in_county_since: date | None
) -> date:
    """Since when she lives in the county without a break: a move does not begin it anew."""
    moved = last_in_county_since is not None and last_until is None
    return last_in_county_since if moved and last_in_county_since else arrived_on


def full_months(since: date, today: date) -> int:
    """Whole calendar months from one day to another, never less than none."""
    months = (today.year - since.year) * 12 + today.month - since.month
    return max(months - (today.day < since.day), 0)


def check_departure(arrived_on: date, departed_on: date) -> None:
    """Raises DepartureBeforeArrival."""
    if departed_on < arrived_on:
        raise DepartureBeforeArrival()


def check_expected(leaving_on: date, today: date) -> None:
    """Whether somebody can expect to leave on that day. Raises DayPassed."""
    if not today <= leaving_on <= today + FARTHEST:
        raise DayPassed()


def check_bounds(
    arrived_on: date, until: date | None, not_before: date | None, not_after: date | None
) -> None:
    """Whether a stay lies between the one before and the one after it. Raises
    DepartureBeforeArrival; OverlapsStay, with the days between which it may lie."""
    if until is not None:
        check_departure(arrived_on, until)
    early = not_before is not None and arrived_on < not_before
    late = not_after is not None and (until is None or until > not_after or arrived_on > not_after)
    if early or late:
        raise OverlapsStay(
            not_before=not_before.isoformat() if not_before else None,
            not_after=not_after.isoformat() if not_after else None,
        )


def doubts_left(
    doubts: Sequence[str], changed: Sequence[str], asked: Sequence[Doubt] = ()
) -> list[str]:
    """The doubts that a correction of these fields leaves, and the answers to those that the clerk
    `asked` about. The registry says again what it still doubts."""
    answered = {doubt for field in changed for doubt in ANSWERED.get(field, ())} | {*asked}
    return [each for each in doubts if each not in answered]


@dataclass(frozen=True, slots=True)
class Death:
    """What a recorded death does to a stay that was open on the day."""

    until: date | None  # the stay ends then; None when it goes on, in doubt


def death_in(arrived_on: date, died_on: date) -> Death:
    """A stay ends with a death in it. Somebody who arrived after the day that she is recorded to
    have died stands at the desk: her stay goes on, in doubt."""
    return Death(died_on if died_on >= arrived_on else None)


@dataclass(frozen=True, slots=True)
class Figures:
    """What may be told of how many there are; None for a figure that stays hidden. `by_origin` has
    the provinces that can be named, `others` those that cannot, together."""

    total: int | None
    by_origin: dict[str, int]
    others: int | None
    by_purpose: dict[str, int | None]


def publishable(by_origin: Mapping[str, int], by_purpose: Mapping[str, int]) -> Figures:
    """The figures as they may be told. What is under ten is hidden, with as much else as it takes
    that it does not follow from the rest; what is told is rounded, so that the answers for an area
    and for its parts, or for two days, do not tell it either."""
    cells = {("total", ""): sum(by_origin.values())}
    cells |= {("origin", code): people for code, people in by_origin.items()}
    cells |= {("purpose", code): people for code, people in by_purpose.items()}
    hidden = hidden_cells(
        cells,
        [
            Balance((("total", ""),), tuple(("origin", code) for code in by_origin)),
            Balance((("total", ""),), tuple(("purpose", code) for code in by_purpose)),
        ],
    )

    def told(kind: str, code: str) -> int | None:
        return None if (kind, code) in hidden else published(cells[kind, code])

    total = told("total", "")
    shown = {code: people for code in by_origin if (people := told("origin", code)) is not None}
    rest = sum(people for code, people in by_origin.items() if code not in shown)
    return Figures(
        total=total,
        by_origin=shown,
        others=None if total is None else published(rest),
        by_purpose={code: told("purpose", code) for code in by_purpose},
    )
