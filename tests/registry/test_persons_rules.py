"""Decisions about persons."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.persons.rules import (
    agrees_with_id_number,
    changed_by,
    holds_on,
    hukou_on,
    is_separated,
    kind_of_residence,
    region_left,
    shown_id_number,
    shown_phone,
)
from shared.codes import parse_resident_id
from shared.testing import make_actor
from shared.usage import Purpose
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, number

days = st.dates(date(1900, 1, 1), date(2020, 12, 31))
regions = st.sampled_from([HOME, NEXT, HOME[:9], AWAY, COUNTY_AWAY])


@given(days, st.integers(0, 999))
def test_a_number_agrees_with_what_it_says_and_nothing_else(day: date, order: int) -> None:
    id_number = number(day.strftime("%Y%m%d"), order)
    parsed = parse_resident_id(id_number)
    assert agrees_with_id_number(id_number, parsed.sex, day)
    assert not agrees_with_id_number(id_number, "2" if parsed.sex == "1" else "1", day)
    assert not agrees_with_id_number(id_number, parsed.sex, date(1899, 1, 1))


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_middle_of_a_number_is_shown_only_where_the_task_needs_it(purpose: Purpose) -> None:
    id_number = number("19900101", 112)
    needed = {
        Purpose.REGISTRATION,
        Purpose.CERTIFICATE,
        Purpose.CORRECTION,
        Purpose.SUBJECT_ACCESS,
    }
    assert (shown_id_number(id_number, purpose) == id_number) == (purpose in needed)
    assert id_number[6:14] not in shown_id_number(id_number, purpose) or purpose in needed
    called = {Purpose.REGISTRATION, Purpose.SERVICE, Purpose.SUBJECT_ACCESS}
    assert (shown_phone("13900000001", purpose) == "13900000001") == (purpose in called)


@pytest.mark.parametrize(
    ("hukou", "residence", "separated"),
    [
        (HOME, HOME, False),
        (HOME, "420325100002", False),  # another village of the township
        (HOME, NEXT, True),
        (HOME, AWAY, True),
        (HOME, None, False),
        (HOME[:6], HOME, False),  # registered in the county, who knows where
        (HOME, HOME[:6], False),
        (COUNTY_AWAY, HOME, True),
    ],
)
def test_separated_means_another_township(
    hukou: str, residence: str | None, separated: bool
) -> None:
    assert is_separated(hukou, residence) is separated


@given(regions, regions)
def test_migrant_means_another_county(hukou: str, region: str) -> None:
    same_county = hukou.startswith(region[:6])
    assert kind_of_residence(hukou, region) == ("usual" if same_county else "migrant")


@given(regions, st.one_of(st.none(), regions), st.one_of(st.none(), regions))
def test_a_record_never_leaves_the_sight_of_who_saw_her_off(
    hukou: str, residence: str | None, left: str | None
) -> None:
    office = make_actor(region=HOME[:9])
    kept_under = region_left(office, hukou, residence, left)
    places = {hukou, residence, left}
    in_sight = [each for each in (hukou, residence, kept_under) if each and office.covers(each)]
    assert bool(in_sight) == any(each and office.covers(each) for each in places)
    assert kept_under is None or kept_under == left


@given(days, days, days)
def test_a_fact_holds_from_its_day_until_the_day_it_is_no_more(
    since: date, until: date, day: date
) -> None:
    assert holds_on(since, None, day) == (since <= day)
    assert holds_on(since, until, day) == (since <= day < until)


@given(st.lists(st.tuples(days, regions)), days)
def test_a_register_is_where_the_next_move_began(moves: list[tuple[date, str]], day: date) -> None:
    later = sorted((move for move in moves if move[0] > day), key=lambda move: move[0])
    where = hukou_on(day, "present", moves)
    assert where == (later[0][1] if later else "present")
    assert hukou_on(date.max, "present", moves) == "present"


def test_a_correction_takes_nothing_back_and_facts_are_read_elsewhere() -> None:
    day = date(2024, 1, 1)
    assert changed_by(["name", "phone"], date(2024, 1, 2), day) == ["name", "phone"]
    assert changed_by(["name"], day, day) == []
    assert changed_by(["name"], None, day) == []
    fields = ["hukou_region", "residence_region", "status", "household_id", "name"]
    assert changed_by(fields, date(2024, 1, 2), day) == ["name"]
