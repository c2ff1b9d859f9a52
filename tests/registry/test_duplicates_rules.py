"""Which pairs of records may be of one person."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.duplicates.rules import (
    Compared,
    Evidence,
    candidate_pairs,
    evidence_of,
    one_slip_apart,
)
from shared.ids import new_id
from tests.registry.places import number

NUMBER = number("19900101", 112)
HOUSE = UUID(int=7)
WANG = Compared(
    id=UUID(int=1),
    name="王芳",
    sex="2",
    birth_date=date(1990, 1, 1),
    id_number=NUMBER,
    phone_index=None,
    household_id=None,
)
OTHER = replace(WANG, id=UUID(int=2))


def test_same_name_and_day_without_a_number_on_one_side() -> None:
    found = evidence_of(WANG, replace(OTHER, id_number=None))
    assert found == (Evidence.SAME_NAME, Evidence.SAME_BIRTH_DATE, Evidence.NUMBER_MISSING)


def test_namesakes_of_one_day_with_other_numbers_are_shown_as_such() -> None:
    found = evidence_of(WANG, replace(OTHER, id_number=number("19900101", 554)))
    assert Evidence.NUMBERS_DIFFER in found
    assert Evidence.NUMBERS_NEAR not in found


def test_a_slip_in_the_number_is_found_under_another_name_or_day() -> None:
    slip = number("19900101", 122)
    assert Evidence.NUMBERS_NEAR in evidence_of(WANG, replace(OTHER, name="王方", id_number=slip))
    day = replace(OTHER, birth_date=date(1990, 1, 2), id_number=number("19900102", 112))
    assert Evidence.NUMBERS_NEAR in evidence_of(WANG, day)
    stranger = replace(day, name="王方")
    assert evidence_of(WANG, stranger) == ()


def test_twins_are_kept_apart() -> None:
    one = replace(WANG, household_id=HOUSE, name="陈大宝")
    two = replace(OTHER, household_id=HOUSE, name="陈小宝", id_number=number("19900101", 114))
    assert one_slip_apart(str(one.id_number), str(two.id_number))
    assert evidence_of(one, two) == ()
    # the same name in one household is one child entered twice
    again = replace(two, name="陈大宝", id_number=None)
    assert Evidence.SAME_HOUSEHOLD in evidence_of(one, again)


def test_a_man_and_a_woman_of_one_name_and_day_are_two() -> None:
    assert evidence_of(WANG, replace(OTHER, sex="1", id_number=None)) == ()


def test_a_shared_phone_alone_is_nothing_and_helps_otherwise() -> None:
    phone = replace(WANG, phone_index=b"p")
    assert evidence_of(phone, replace(OTHER, name="李娜", id_number=None, phone_index=b"p")) == ()
    found = evidence_of(phone, replace(OTHER, id_number=None, phone_index=b"p"))
    assert Evidence.SAME_PHONE in found


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_one_digit_is_a_slip(place: int, by: int) -> None:
    other = NUMBER[:place] + str((int(NUMBER[place]) + by) % 10) + NUMBER[place + 1 :]
    assert one_slip_apart(NUMBER, other)
    assert one_slip_apart(other, NUMBER)


@given(st.integers(0, 15))
def test_neighbours_changed_over_are_a_slip_unless_they_are_alike(place: int) -> None:
    first, second = NUMBER[place], NUMBER[place + 1]
    other = NUMBER[:place] + second + first + NUMBER[place + 2 :]
    assert one_slip_apart(NUMBER, other) == (first != second)


@pytest.mark.parametrize("other", ["", NUMBER[:17], number("19911111", 112), NUMBER])
def test_other_numbers_are_not(other: str) -> None:
    assert not one_slip_apart(NUMBER, other)


records = st.builds(
    Compared,
    id=st.builds(new_id),
    name=st.sampled_from(["王芳", "李娜"]),
    sex=st.sampled_from(["1", "2"]),
    birth_date=st.sampled_from([date(1990, 1, 1), date(1990, 1, 2)]),
    id_number=st.sampled_from([None, NUMBER, number("19900101", 122), number("19911111", 334)]),
    phone_index=st.sampled_from([None, b"p"]),
    household_id=st.sampled_from([None, HOUSE]),
)


@given(records, records)
def test_evidence_does_not_depend_on_the_order(one: Compared, other: Compared) -> None:
    assert evidence_of(one, other) == evidence_of(other, one)


@given(st.lists(records, max_size=8))
def test_pairs_are_ordered_and_come_once(block: list[Compared]) -> None:
    pairs = [(pair.first, pair.second) for pair in candidate_pairs(block)]
    assert all(first < second for first, second in pairs)
    assert len(set(pairs)) == len(pairs)
