"""Lines a roster import has to refuse, each wrong in exactly one way, mixed into a good roster."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from deploy.box.roster import LAST_SEQUENCE, RosterLine
from shared.codes import FamilyRelation, resident_id_check_digit


class BadLine(StrEnum):
    """Why a line has to be refused."""

    CHECK_DIGIT = "check-digit"
    BIRTH_DATE = "birth-date"  # no such day, in the id number and in the column alike
    FUTURE = "future"  # born in 2099, in the id number and in the column alike
    NAME_MISSING = "name-missing"
    UNKNOWN_REGION = "unknown-region"  # a well-formed 户籍地 that does not exist
    DUPLICATE_ID = "duplicate-id"  # the number stands in an earlier line of the file
    SEX_CONTRADICTS_ID = "sex-contradicts-id"
    HEAD_MISSING = "head-missing"  # a household whose one line is a spouse
    CONTROL_CHARACTERS = "control-characters"  # inside the name
    BIRTH_DATE_CONTRADICTS_ID = "birth-date-contradicts-id"


def with_bad_lines(
    lines: Iterable[RosterLine], seed: int, count: int
) -> Iterator[tuple[RosterLine, BadLine | None]]:
    """The good lines in their order with ``count`` bad ones between households.

    Yields each line with the reason to refuse it, None for a good one. A bad line is a household
    of its own, made from the head of another one further up, with a new id number except where the
    number is the fault: refusing it leaves the totals of the good lines as they were. Every reason
    comes up as often as any other. Holds the roster in memory. Raises ValueError where the roster
    has fewer heads of a household than ``count``.
    """
    good = list(lines)
    rng = random.Random(seed)  # noqa: S311 - not a secret
    following = _bad_lines(good, rng, count)
    for at, line in enumerate(good):
        yield line, None
        yield from following.get(at, ())


def _bad_lines(
    good: list[RosterLine], rng: random.Random, count: int
) -> dict[int, list[tuple[RosterLine, BadLine]]]:
    """Bad lines by the place of the good line they follow, the last of a household."""
    heads = [at for at, line in enumerate(good) if line.relation == FamilyRelation.HEAD]
    ends = [at - 1 for at in heads[1:]] + [len(good) - 1]
    reasons = [list(BadLine)[number % len(BadLine)] for number in range(count)]
    rng.shuffle(reasons)
    maker = _Maker(rng)
    following: dict[int, list[tuple[RosterLine, BadLine]]] = {}
    for number in rng.sample(range(len(heads)), count):
        reason = reasons.pop()
        place = ends[rng.randrange(number, len(ends))]
        following.setdefault(place, []).append((maker.make(good[heads[number]], reason), reason))
    return following


class _Maker:
    """Makes bad lines out of good ones, no two with the same id number."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._made = 0
        self._taken: set[str] = set()
        self._spoil: Final[dict[BadLine, Callable[[RosterLine], RosterLine]]] = {
            BadLine.CHECK_DIGIT: self._check_digit,
            BadLine.BIRTH_DATE: lambda line: self._born(line, f"{line.birth_date[:4]}-02-30"),
            BadLine.FUTURE: self._future,
            BadLine.NAME_MISSING: lambda line: replace(line, name=""),
            BadLine.UNKNOWN_REGION: lambda line: replace(line, hukou=f"{line.hukou[:2]}9999"),
            BadLine.SEX_CONTRADICTS_ID: self._other_sex,
            BadLine.HEAD_MISSING: lambda line: replace(line, relation=FamilyRelation.SPOUSE.value),
            BadLine.CONTROL_CHARACTERS: self._control_character,
            BadLine.BIRTH_DATE_CONTRADICTS_ID: self._day_after,
        }

    def make(self, head: RosterLine, reason: BadLine) -> RosterLine:
        """A household of one that is wrong in this way."""
        self._made += 1
        household = f"{head.household[:-6]}9{self._made:05}"
        line = replace(head, household=household, mobile="")
        if reason is BadLine.DUPLICATE_ID:
            return line
        return self._spoil[reason](self._born(line, line.birth_date))

    def _born(self, line: RosterLine, birth_date: str) -> RosterLine:
        """The line with another birth date and a new number that agrees with it."""
        start = line.resident_id[:6] + birth_date.replace("-", "")
        parity = int(line.resident_id[16]) % 2
        for sequence in range(LAST_SEQUENCE + 1 + parity, 1000, 2):
            digits = f"{start}{sequence}"
            if digits not in self._taken:
                self._taken.add(digits)
                number = digits + resident_id_check_digit(digits)
                return replace(line, resident_id=number, birth_date=birth_date)
        raise ValueError("too many bad lines for one county and day")

    def _check_digit(self, line: RosterLine) -> RosterLine:
        number = line.resident_id
        wrong = self._rng.choice("0123456789X".replace(number[17], ""))
        return replace(line, resident_id=number[:17] + wrong)

    def _future(self, line: RosterLine) -> RosterLine:
        day = min(int(line.birth_date[8:]), 28)  # 2099 has no 29 February
        return self._born(line, f"2099{line.birth_date[4:8]}{day:02}")

    def _other_sex(self, line: RosterLine) -> RosterLine:
        return replace(line, sex="女" if line.sex == "男" else "男")

    def _control_character(self, line: RosterLine) -> RosterLine:
        return replace(line, name=line.name[0] + self._rng.choice("\x07\t\x7f") + line.name[1:])

    def _day_after(self, line: RosterLine) -> RosterLine:
        day = date.fromisoformat(line.birth_date) + timedelta(days=1)
        return replace(line, birth_date=day.isoformat())
