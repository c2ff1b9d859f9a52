"""What a line is to the register, decided without I/O."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.feeds.meanings import Meaning, Said
from services.registry.feeds.quality import next_month
from services.registry.feeds.reasons import Outcome, Reason
from services.registry.feeds.rules import Around, Before, Comparison, Event, Known, compared
from services.registry.feeds.rules import reconcile as decide
from tests.registry.feed_samples import CHEN, CHILD, CITY, EAST, NORTH, WANG
from tests.registry.places import number

ME, OTHER = UUID(int=1), UUID(int=2)
CONTENT, OTHERWISE = b"this", b"that"
New, Changed, Same = Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED
Conflict = Outcome.CONFLICTING


def known(**overrides: Any) -> Known:
    values: dict[str, Any] = {
        "id": ME,
        "name": WANG["name"],
        "sex": "2",
        "birth_date": date(1990, 1, 1),
        "status": "active",
        "hukou_region": EAST,
        "residence_region": EAST,
        "residence_since": date(2016, 1, 1),
    }
    return Known(**(values | overrides))


def verdict(said: Said, around: Around) -> tuple[Outcome, Reason | None]:
    found = decide(said, around, CONTENT)
    return found.outcome, found.reason


def me(**overrides: Any) -> dict[str, Known]:
    return {"id_number": known(**overrides)}


DAY = date(2025, 6, 1)
DEATH = Said(Meaning.DEATH, {**WANG, "died_on": DAY.isoformat()})
SAID = Before(CONTENT)
CORRECTED = Before(OTHERWISE)


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (Around(), (New, None)),
        (Around(people=me()), (New, None)),
        (Around(people=me(), before=SAID), (Same, Reason.SAID_BEFORE)),
        (Around(people=me(), before=CORRECTED), (Changed, None)),
        (Around(people=me(name="王方")), (Conflict, Reason.NAME_DIFFERS)),
        (Around(people=me(birth_date=date(2025, 7, 1))), (Conflict, Reason.BEFORE_BIRTH)),
        (Around(people=me(status="deceased")), (Conflict, Reason.RECORDED_DEAD)),
        (Around(people=me(status="deceased"), events=(Event(DAY, True),)),
         (Same, Reason.REGISTERED_ALREADY)),
        (Around(people=me(), events=(Event(date(2025, 6, 2), True),)),
         (Conflict, Reason.DATE_DIFFERS)),
        (Around(people=me(name="王方"), events=(Event(DAY, True),)),
         (Conflict, Reason.NAME_DIFFERS)),
        (Around(people=me(), events=(Event(DAY, False),)), (Same, Reason.REPORTED_ALREADY)),
        (Around(people=me(), events=(Event(date(2025, 5, 1), False),)),
         (Conflict, Reason.REGISTERED_OTHERWISE)),
    ],
)  # fmt: skip
def test_deaths(around: Around, expected: tuple[Outcome, Reason | None]) -> None:
    assert verdict(DEATH, around) == expected


BIRTH = Said(
    Meaning.BIRTH,
    {"born_on": DAY.isoformat(), "sex": "1", "mother_name": WANG["name"],
     "mother_id_number": WANG["id_number"], "child_name": "王小小"},
)  # fmt: skip
TWIN = Said(Meaning.BIRTH, BIRTH.values | {"multiple_index": "2"})


def mother(**overrides: Any) -> dict[str, Known]:
    return {"mother_id_number": known(**overrides)}


@pytest.mark.parametrize(
    ("said", "around", "expected"),
    [
        (BIRTH, Around(), (New, None)),
        (BIRTH, Around(people=mother()), (New, None)),
        (BIRTH, Around(people=mother(), before=SAID), (Same, Reason.SAID_BEFORE)),
        (BIRTH, Around(people=mother(), before=CORRECTED), (Changed, None)),
        (BIRTH, Around(people=mother(name="李四")), (Conflict, Reason.NAME_DIFFERS)),
        (BIRTH, Around(people=mother(sex="1")), (Conflict, Reason.REGISTERED_OTHERWISE)),
        (BIRTH, Around(people=mother(), events=(Event(DAY, True, name="王小小", sex="1"),)),
         (Same, Reason.REGISTERED_ALREADY)),
        (BIRTH, Around(people=mother(), events=(Event(DAY, True, name="王大大", sex="1"),)),
         (Conflict, Reason.REGISTERED_OTHERWISE)),
        (BIRTH, Around(people=mother(), events=(Event(date(2025, 6, 2), False, sex="1"),)),
         (Same, Reason.REPORTED_ALREADY)),
        (BIRTH, Around(people=mother(), events=(Event(date(2024, 6, 2), False, sex="1"),)),
         (New, None)),
        (TWIN, Around(people=mother(), events=(Event(DAY, False, sex="1", multiple_index=1),)),
         (New, None)),
        (TWIN, Around(people=mother(), events=(Event(DAY, False, sex="1", multiple_index=2),)),
         (Same, Reason.REPORTED_ALREADY)),
    ],
)  # fmt: skip
def test_births(said: Said, around: Around, expected: tuple[Outcome, Reason | None]) -> None:
    assert verdict(said, around) == expected


WEDDING = Said(
    Meaning.MARRIAGE,
    {"kind": "marriage", "happened_on": DAY.isoformat(), "first_name": CHEN["name"],
     "first_id_number": CHEN["id_number"], "second_name": WANG["name"],
     "second_id_number": WANG["id_number"]},
)  # fmt: skip


def couple(**overrides: Any) -> dict[str, Known]:
    return {
        "first_id_number": known(id=OTHER, name=CHEN["name"], sex="1"),
        "second_id_number": known(**overrides),
    }


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (Around(), (Conflict, Reason.UNKNOWN_PERSON)),
        (Around(people=couple()), (New, None)),
        (Around(people={"second_id_number": known()}), (New, None)),
        (Around(people=couple(name="王方")), (Conflict, Reason.NAME_DIFFERS)),
        (Around(people=couple(status="deceased")), (New, None)),
        (Around(people=couple(), events=(Event(DAY, True),)), (Same, Reason.REGISTERED_ALREADY)),
        (Around(people=couple(), before=SAID), (Same, Reason.SAID_BEFORE)),
        (Around(people=couple(), before=CORRECTED), (Changed, None)),
    ],
)
def test_marriages(around: Around, expected: tuple[Outcome, Reason | None]) -> None:
    assert verdict(WEDDING, around) == expected


MOVE = Said(
    Meaning.HUKOU_MOVE,
    {**WANG, "moved_on": DAY.isoformat(), "to_region": NORTH, "from_region": EAST[:9]},
)


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (Around(), (Conflict, Reason.UNKNOWN_PERSON)),
        (Around(people=me()), (New, None)),
        (Around(people=me(hukou_region=NORTH)), (Same, Reason.REGISTERED_ALREADY)),
        (Around(people=me(hukou_region=NORTH, name="王方")), (Conflict, Reason.NAME_DIFFERS)),
        (Around(people=me(hukou_region=CITY)), (Conflict, Reason.HUKOU_DIFFERS)),
        (Around(people=me(), last_move=DAY), (Conflict, Reason.LATER_MOVE)),
        (Around(people=me(), last_move=date(2025, 5, 31)), (New, None)),
        (Around(people=me(status="deceased")), (Conflict, Reason.RECORDED_DEAD)),
    ],
)
def test_moves(around: Around, expected: tuple[Outcome, Reason | None]) -> None:
    assert verdict(MOVE, around) == expected


RENAMED = Said(Meaning.IDENTITY_CHANGE, {**WANG, "new_name": "王芬", "changed_on": "2025-06-01"})
RENUMBERED = Said(
    Meaning.IDENTITY_CHANGE,
    {**WANG, "new_id_number": number("19900101", 114), "changed_on": "2025-06-01"},
)
NUMBERED = Said(
    Meaning.IDENTITY_CHANGE,
    {"name": "王小小", "new_id_number": CHILD["id_number"], "changed_on": "2025-06-01"},
)


@pytest.mark.parametrize(
    ("said", "around", "expected"),
    [
        (RENAMED, Around(), (Conflict, Reason.UNKNOWN_PERSON)),
        (RENAMED, Around(people=me()), (Changed, None)),
        (RENAMED, Around(people=me(name="王芬")), (Same, Reason.REGISTERED_ALREADY)),
        (RENAMED, Around(people=me(name="王方")), (Conflict, Reason.NAME_DIFFERS)),
        (RENAMED, Around(people=me(status="deceased")), (Conflict, Reason.RECORDED_DEAD)),
        (RENUMBERED, Around(people=me()), (Changed, None)),
        (RENUMBERED, Around(people={"new_id_number": known()}), (Same, Reason.REGISTERED_ALREADY)),
        (RENUMBERED, Around(people=me() | {"new_id_number": known(id=OTHER)}),
         (Conflict, Reason.NUMBER_TAKEN)),
        (NUMBERED, Around(), (Conflict, Reason.UNKNOWN_PERSON)),
        (NUMBERED, Around(namesakes=(known(),)), (Changed, None)),
        (NUMBERED, Around(namesakes=(known(), known(id=OTHER))),
         (Conflict, Reason.SEVERAL_PERSONS)),
        (NUMBERED, Around(people={"new_id_number": known(name="王小小")}),
         (Same, Reason.REGISTERED_ALREADY)),
        (NUMBERED, Around(people={"new_id_number": known()}), (Conflict, Reason.NUMBER_TAKEN)),
    ],
)  # fmt: skip
def test_names_and_numbers(
    said: Said, around: Around, expected: tuple[Outcome, Reason | None]
) -> None:
    assert verdict(said, around) == expected


SCHOOL = Said(Meaning.ENROLMENT, {**WANG, "since": "2022-09-01", "region": NORTH})
JAB = Said(
    Meaning.VACCINATION,
    {"name": "新生儿", "birth_date": "2025-06-01", "since": "2025-06-02", "region": EAST,
     "mother_id_number": WANG["id_number"]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "around", "expected"),
    [
        (SCHOOL, Around(), (Conflict, Reason.UNKNOWN_PERSON)),
        (SCHOOL, Around(people=me()), (New, None)),
        (SCHOOL, Around(people=me(residence_region=None)), (New, None)),
        (SCHOOL, Around(people=me(residence_region=CITY)), (Conflict, Reason.LIVES_ELSEWHERE)),
        (SCHOOL, Around(people=me(residence_region=CITY, residence_since=date(2023, 1, 1))),
         (New, None)),
        (SCHOOL, Around(people=me(name="王方")), (Conflict, Reason.NAME_DIFFERS)),
        (SCHOOL, Around(people=me(status="deceased")), (Conflict, Reason.RECORDED_DEAD)),
        (SCHOOL, Around(people=me(), evidence={NORTH: date(2022, 9, 1)}),
         (Same, Reason.SAID_BEFORE)),
        (SCHOOL, Around(people=me(), evidence={EAST: date(2020, 9, 1)}), (New, None)),
        (JAB, Around(people=mother()), (Conflict, Reason.UNKNOWN_PERSON)),
        (JAB, Around(people=mother(), child=known(id=OTHER, name="王小小")), (New, None)),
    ],
)  # fmt: skip
def test_evidence_of_residence(
    said: Said, around: Around, expected: tuple[Outcome, Reason | None]
) -> None:
    assert verdict(said, around) == expected


def test_a_line_is_matched_to_persons() -> None:
    found = decide(WEDDING, Around(people=couple()), CONTENT)
    assert (found.person_id, found.other_person_id) == (OTHER, ME)


def test_a_month_beside_the_register() -> None:
    outcomes = {New: 5, Changed: 2, Same: 40, Conflict: 3}
    assert compared(outcomes, 7) == Comparison(in_both=40, only_there=10, only_here=7)
    assert next_month(date(2025, 12, 1)) == date(2026, 1, 1)
    assert next_month(date(2025, 1, 1)) == date(2025, 2, 1)
