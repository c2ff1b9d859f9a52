"""What a line is to the register: new, changed, the same, or in conflict. Pure: no I/O.

A department is believed about its own events. It never overwrites what is registered: where it
says otherwise, a person decides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from services.registry.feeds.meanings import Meaning, Said
from services.registry.feeds.reasons import Outcome, Reason

ACTIVE, DECEASED = "active", "deceased"
_COUNTY = 6


class Verdict(NamedTuple):
    """What becomes of a line and why; the persons it was matched to."""

    outcome: Outcome
    reason: Reason | None = None
    person_id: UUID | None = None
    other_person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the register holds of a person that a line may contradict."""

    id: UUID
    name: str
    sex: str
    birth_date: date
    status: str
    hukou_region: str
    residence_region: str | None
    residence_since: date | None
    id_number_index: bytes | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A birth, death, marriage or divorce that is reported or registered here already. `own` says
    that this line's department reported it, under this line's identity."""

    happened_on: date
    registered: bool
    own: bool = False
    name: str | None = None
    sex: str | None = None
    multiple_index: int | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """A line of an earlier batch of the department about the same event, which was taken."""

    content_index: bytes


@dataclass(frozen=True)
class Around:
    """What the register holds around one line. `people` are by field of the line (`id_number`,
    `mother_id_number`, …); `namesakes` are records without a number that fit by name and birth
    date; `evidence` says since when a kind of evidence is held, by region."""

    people: Mapping[str, Known] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    before: Before | None = None
    last_move: date | None = None
    namesakes: tuple[Known, ...] = ()
    number_taken: bool = False
    evidence: Mapping[str, date] = field(default_factory=dict)
    child: Known | None = None


def reconcile(said: Said, around: Around, content_index: bytes) -> Verdict:
    """Compare a good line with the register."""
    return _RULES[said.meaning](said, around, content_index)


def _conflict(reason: Reason, person: Known | None = None, other: Known | None = None) -> Verdict:
    return Verdict(
        Outcome.CONFLICTING, reason, person.id if person else None, other.id if other else None
    )


def _same(reason: Reason, person: Known | None = None, other: Known | None = None) -> Verdict:
    return Verdict(
        Outcome.UNCHANGED, reason, person.id if person else None, other.id if other else None
    )


def _fresh(around: Around, person: Known | None, other: Known | None = None) -> Verdict:
    """New; or, where the department said something of this event before, a correction of that."""
    outcome = Outcome.NEW if around.before is None else Outcome.CHANGED
    return Verdict(outcome, None, person.id if person else None, other.id if other else None)


def _repeats(around: Around, content_index: bytes) -> bool:
    return around.before is not None and around.before.content_index == content_index


# ---- deaths --------------------------------------------------------------------------------------


def _death(said: Said, around: Around, content_index: bytes) -> Verdict:
    """Somebody without a record here is reported all the same: the report waits for her record."""
    person, day = around.people.get("id_number"), said.day("died_on")
    registered = next((each for each in around.events if each.registered), None)
    if registered is not None:
        if registered.happened_on != day:
            return _conflict(Reason.DATE_DIFFERS, person)
        if person is not None and person.name != said.text("name"):
            return _conflict(Reason.NAME_DIFFERS, person)
        return _same(Reason.REGISTERED_ALREADY, person)
    if _repeats(around, content_index):
        return _same(Reason.SAID_BEFORE, person)
    if person is not None and (doubt := _doubt(person, said.text("name"), day)):
        return _conflict(doubt, person)
    if around.before is None:
        for other in around.events:
            if other.happened_on == day:
                return _same(Reason.REPORTED_ALREADY, person)
            return _conflict(Reason.REGISTERED_OTHERWISE, person)
    return _fresh(around, person)


def _doubt(person: Known, name: str, day: date) -> Reason | None:
    if person.name != name:
        return Reason.NAME_DIFFERS
    if person.birth_date > day:
        return Reason.BEFORE_BIRTH
    return Reason.RECORDED_DEAD if person.status == DECEASED else None


# ---- births --------------------------------------------------------------------------------------


def _birth(said: Said, around: Around, content_index: bytes) -> Verdict:
    mother, father = around.people.get("mother_id_number"), around.people.get("father_id_number")
    standing = [each for each in around.events if _is_this_birth(said, each)]
    registered = next((each for each in standing if each.registered), None)
    if mother is not None and mother.name != said.text("mother_name"):
        return _conflict(Reason.NAME_DIFFERS, mother, father)
    if registered is not None:
        if registered.name is None or registered.name == said.maybe("child_name"):
            return _same(Reason.REGISTERED_ALREADY, mother, father)
        if said.maybe("child_name") is None:
            return _same(Reason.REGISTERED_ALREADY, mother, father)
        return _conflict(Reason.REGISTERED_OTHERWISE, mother, father)
    if _repeats(around, content_index):
        return _same(Reason.SAID_BEFORE, mother, father)
    if mother is not None and mother.sex == "1":
        return _conflict(Reason.REGISTERED_OTHERWISE, mother, father)
    if around.before is None and any(not each.own for each in standing):
        return _same(Reason.REPORTED_ALREADY, mother, father)
    return _fresh(around, mother, father)


def _is_this_birth(said: Said, event: Event) -> bool:
    """As the registration tells births of one mother apart: within a day, of one sex, and not
    numbered to be different children."""
    number = said.maybe("multiple_index")
    return (
        abs((event.happened_on - said.day("born_on")).days) <= 1
        and event.sex == said.text("sex")
        and event.multiple_index == (int(number) if number else None)
    )


# ---- marriages and divorces ----------------------------------------------------------------------


def _marriage(said: Said, around: Around, content_index: bytes) -> Verdict:
    first, second = around.people.get("first_id_number"), around.people.get("second_id_number")
    day = said.day("happened_on")
    for who, person in (("first", first), ("second", second)):
        doubt = _doubt(person, said.text(f"{who}_name"), day) if person else None
        if doubt not in (None, Reason.RECORDED_DEAD):  # may have married before she died
            return Verdict(
                Outcome.CONFLICTING,
                doubt,
                first.id if first else None,
                second.id if second else None,
            )
    if any(each.registered for each in around.events):
        return _same(Reason.REGISTERED_ALREADY, first, second)
    if _repeats(around, content_index):
        return _same(Reason.SAID_BEFORE, first, second)
    if first is None and second is None:
        return _conflict(Reason.UNKNOWN_PERSON)
    if around.before is None and any(not each.own for each in around.events):
        return _same(Reason.REPORTED_ALREADY, first, second)
    return _fresh(around, first, second)


# ---- moves of the household register -------------------------------------------------------------


def _hukou_move(said: Said, around: Around, content_index: bytes) -> Verdict:
    person = around.people.get("id_number")
    if person is None:
        return _conflict(Reason.UNKNOWN_PERSON)
    if _lies_in(person.hukou_region, said.text("to_region")):
        if person.name != said.text("name"):
            return _conflict(Reason.NAME_DIFFERS, person)
        return _same(Reason.REGISTERED_ALREADY, person)
    day = said.day("moved_on")
    if doubt := _doubt(person, said.text("name"), day):
        return _conflict(doubt, person)
    if around.last_move is not None and around.last_move >= day:
        return _conflict(Reason.LATER_MOVE, person)
    left = said.maybe("from_region")
    if left and not (_lies_in(person.hukou_region, left) or _lies_in(left, person.hukou_region)):
        return _conflict(Reason.HUKOU_DIFFERS, person)
    return Verdict(Outcome.NEW, None, person.id)


def _lies_in(region: str, wider: str) -> bool:
    return region.startswith(wider)


# ---- names and numbers ---------------------------------------------------------------------------


def _identity_change(said: Said, around: Around, content_index: bytes) -> Verdict:
    """A new name needs the record of the old one; a first number needs one record that fits."""
    new_number, new_name = said.maybe("new_id_number"), said.maybe("new_name")
    holder = around.people.get("new_id_number")
    if said.maybe("id_number") is None:
        return _first_number(said, around, holder)
    person = around.people.get("id_number")
    if person is None and holder is not None:  # the old number is gone: it was changed before
        person = holder
    if person is None:
        return _conflict(Reason.UNKNOWN_PERSON)
    if person.status == DECEASED:
        return _conflict(Reason.RECORDED_DEAD, person)
    if holder is not None and holder.id != person.id:
        return _conflict(Reason.NUMBER_TAKEN, person, holder)
    named = new_name is None or person.name == new_name
    numbered = new_number is None or (holder is not None and holder.id == person.id)
    if named and numbered:
        return _same(Reason.REGISTERED_ALREADY, person)
    if person.name not in (said.text("name"), new_name):
        return _conflict(Reason.NAME_DIFFERS, person)
    return Verdict(Outcome.CHANGED, None, person.id)


def _first_number(said: Said, around: Around, holder: Known | None) -> Verdict:
    if holder is not None:
        fits = holder.name in (said.text("name"), said.maybe("new_name"))
        if fits:
            return _same(Reason.REGISTERED_ALREADY, holder)
        return _conflict(Reason.NUMBER_TAKEN, holder)
    if not around.namesakes:
        return _conflict(Reason.UNKNOWN_PERSON)
    if len(around.namesakes) > 1:
        return _conflict(Reason.SEVERAL_PERSONS)
    return Verdict(Outcome.CHANGED, None, around.namesakes[0].id)


# ---- evidence of residence -----------------------------------------------------------------------


def _evidence(said: Said, around: Around, content_index: bytes) -> Verdict:
    """A school place or a vaccination in a place agrees with a home in its county. A home
    registered in another county before that day is contradicted, for a clerk to look at."""
    child = around.people.get("id_number") or around.child
    mother = around.people.get("mother_id_number")
    if child is None:
        return _conflict(Reason.UNKNOWN_PERSON, None, mother)
    if said.maybe("id_number") and child.name != said.text("name"):
        return _conflict(Reason.NAME_DIFFERS, child, mother)
    if child.status == DECEASED:
        return _conflict(Reason.RECORDED_DEAD, child, mother)
    region, since = said.text("region"), said.day("since")
    held = around.evidence.get(region)
    if held is not None and held <= since:
        return _same(Reason.SAID_BEFORE, child, mother)
    home, moved_in = child.residence_region, child.residence_since
    elsewhere = home is not None and home[:_COUNTY] != region[:_COUNTY]
    if elsewhere and moved_in is not None and moved_in <= since:
        return _conflict(Reason.LIVES_ELSEWHERE, child, mother)
    return Verdict(Outcome.NEW, None, child.id, mother.id if mother else None)


_RULES: Final[dict[Meaning, Callable[[Said, Around, bytes], Verdict]]] = {
    Meaning.DEATH: _death,
    Meaning.BIRTH: _birth,
    Meaning.MARRIAGE: _marriage,
    Meaning.HUKOU_MOVE: _hukou_move,
    Meaning.IDENTITY_CHANGE: _identity_change,
    Meaning.ENROLMENT: _evidence,
    Meaning.VACCINATION: _evidence,
}


# ---- data quality --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """A month of a department beside the register (基础信息核查): events that both hold, that only
    the department names, that only the register holds (None where it keeps no such list)."""

    in_both: int
    only_there: int
    only_here: int | None


def compared(outcomes: Mapping[Outcome, int], only_here: int | None) -> Comparison:
    """A line that repeats or changes what is held is in both; a new one, and one in conflict, is
    only there."""
    return Comparison(
        in_both=outcomes.get(Outcome.UNCHANGED, 0),
        only_there=sum(
            outcomes.get(each, 0) for each in (Outcome.NEW, Outcome.CHANGED, Outcome.CONFLICTING)
        ),
        only_here=only_here,
    )


def repeated_lines(keys: list[bytes], contents: list[bytes]) -> list[Reason | None]:
    """Which lines of a list repeat or contradict an earlier one of the same identity."""
    first: dict[bytes, bytes] = {}
    found: list[Reason | None] = []
    for key, content in zip(keys, contents, strict=True):
        known = first.setdefault(key, content)
        if known is content:
            found.append(None)
        else:
            same = known == content
            found.append(Reason.REPEATED_IN_FILE if same else Reason.CONTRADICTED_IN_FILE)
    return found
