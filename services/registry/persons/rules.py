"""Decisions about persons, without any I/O."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from shared.actors import Actor
from shared.codes import parse_resident_id
from shared.crypto import mask
from shared.usage import Purpose

# Which purposes need the whole id number; everyone else sees its ends (PIPL art. 6).
_FULL_ID_NUMBER = {
    Purpose.REGISTRATION,
    Purpose.CERTIFICATE,
    Purpose.CORRECTION,
    Purpose.SUBJECT_ACCESS,
}
_FULL_PHONE = {Purpose.REGISTRATION, Purpose.SERVICE, Purpose.SUBJECT_ACCESS}


def agrees_with_id_number(id_number: str, sex: str, birth_date: date) -> bool:
    """Whether what was written beside an id number is what the number itself says (GB 11643)."""
    parsed = parse_resident_id(id_number)
    return parsed.sex == sex and parsed.birth_date == birth_date


def shown_id_number(id_number: str, purpose: Purpose) -> str:
    return id_number if purpose in _FULL_ID_NUMBER else mask(id_number, 6, 2)


def shown_phone(phone: str, purpose: Purpose) -> str:
    return phone if purpose in _FULL_PHONE else mask(phone, 3, 2)


def is_separated(hukou_region: str, residence_region: str | None) -> bool:
    """人户分离: the household register and the home are in different townships. A place known only
    by its county may be in the same one, and does not separate anybody."""
    if residence_region is None:
        return False
    registered, home = hukou_region[:9], residence_region[:9]
    return not (registered.startswith(home) or home.startswith(registered))


def kind_of_residence(hukou_region: str, region: str) -> str:
    """Living outside the county of the household register is migrant (流动), inside it usual
    (常住), also where 人户分离 (2009 regulation, art. 2)."""
    return "usual" if hukou_region[:6] == region[:6] else "migrant"


def region_left(
    actor: Actor, hukou_region: str, residence_region: str | None, *left: str | None
) -> str | None:
    """Under which region the actor's office keeps the record of somebody who is gone from it: the
    first of the places she left that it covers, or None while household register or home still
    lie in the actor's region."""
    here = _first_covered(actor, hukou_region, residence_region)
    return None if here else _first_covered(actor, *left)


def _first_covered(actor: Actor, *places: str | None) -> str | None:
    return next((each for each in places if each is not None and actor.covers(each)), None)


def holds_on(since: date, until: date | None, day: date) -> bool:
    """Whether a fact holds on a day; `until` is the first day it does not."""
    return since <= day and (until is None or day < until)


def hukou_on(day: date, present: str, moves: Iterable[tuple[date, str]]) -> str:
    """Where the household register was on a day: where the first move after it began, or where it
    is when none came after. `moves` are (day, from where)."""
    later = [move for move in moves if move[0] > day]
    return min(later, key=lambda move: move[0])[1] if later else present


# These have tables of their own that say what held when.
_FACTS = frozenset(
    {"status", "hukou_region", "residence_region", "household_id", "household_relation"}
)


def changed_by(fields: Iterable[str], changed_on: date | None, day: date) -> list[str]:
    """The fields that a version changed after a day. A correction (no `changed_on`) changed
    nothing: what it replaced had never been right."""
    if changed_on is None or changed_on <= day:
        return []
    return [field for field in fields if field not in _FACTS]


class Stay(NamedTuple):
    """One stay in one place, to the day before `until`; None while it lasts."""

    id: UUID
    since: date
    until: date | None


def one_history(stays: Sequence[Stay], ended: date | None) -> dict[UUID, date]:
    """The ends to give to stays of records that are one person's, so that no two overlap. She lives
    in the place that lasts, of two the one that began later, of two of one day the first given;
    before, each place was hers until the next began. `ended` is when the last one ended at the
    latest, for somebody who died. A stay of which nothing is left ends on its first day."""
    ends: dict[UUID, date] = {}
    right: list[tuple[date, date]] = []
    for stay in sorted(stays, key=lambda each: (each.until is None, each.since), reverse=True):
        before = stay.until or date.max
        until = before if stay.until or ended is None else max(stay.since, ended)
        for other_since, other_until in right:
            if other_since < until and stay.since < other_until:
                until = max(stay.since, other_since)
        if until != before:
            ends[stay.id] = until
        if stay.since < until:
            right.append((stay.since, until))
    return ends
