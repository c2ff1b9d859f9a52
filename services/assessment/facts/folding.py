"""What counts of all that events said about one record. Pure, and the same in any order.

An event counts a fact, amends it (更正), takes it back (撤销) or restores it (恢复). Of two that
count, the one that happened later holds. A `source` tells apart several of which each may be taken
back alone, as the batches a department sends for one month: the first that stands holds, because a
later one meets a register that has learned from it and would show no error any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

REGISTRATION_DAYS = 30  # the household registration rules give a month


class Role(StrEnum):
    COUNTED = "counted"
    AMENDED = "amended"
    TAKEN_BACK = "taken_back"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Statement:
    """What one event said about a record. An amendment has the area as it is now; with an
    `outcome`, outcome and day as well; with `since`, the day from which the measure of the fact
    runs to its own day."""

    happened_at: datetime
    event_id: str
    part: int
    role: Role
    source: bytes
    outcome: str
    area: str
    office: str
    day: date
    n: int
    measure: int | None
    since: date | None

    @property
    def order(self) -> tuple[datetime, str, int]:
        return self.happened_at, self.event_id, self.part


def timely(days: int) -> str:
    return "within_30_days" if days <= REGISTRATION_DAYS else "later"


def fold(statements: Iterable[Statement]) -> Statement | None:
    """The statement that counts, with its amendments in it; None where nothing counts (any more,
    or yet: an amendment may come before what it amends)."""
    said = sorted(statements, key=lambda each: each.order)
    standing = [
        base
        for source in {each.source for each in said}
        if (base := _standing([each for each in said if each.source == source]))
    ]
    if not standing:
        return None
    base = min(standing, key=lambda each: each.order)
    for each in said:
        if each.role == Role.AMENDED:
            base = _amend(base, each)
    return base if base.n > 0 else None


def _standing(said: list[Statement]) -> Statement | None:
    deciding = [each for each in said if each.role != Role.AMENDED]
    counted = [each for each in deciding if each.role == Role.COUNTED]
    if not counted or deciding[-1].role == Role.TAKEN_BACK:
        return None
    return counted[-1]


def _amend(base: Statement, by: Statement) -> Statement:
    changed = replace(base, area=by.area)
    if by.outcome:
        changed = replace(changed, outcome=by.outcome, day=by.day)
    if by.since is not None:
        days = max((base.day - by.since).days, 0)
        changed = replace(changed, measure=days, outcome=timely(days))
    return changed
