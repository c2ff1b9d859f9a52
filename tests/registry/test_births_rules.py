"""When two reports are of one birth, and what cannot be true of a mother's record."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.vital.rules import (
    BirthFacts,
    Doubt,
    age_on,
    doubt_about_mother,
    home_elsewhere,
    relation_of_child,
    same_birth,
    unclear_birth,
)

DAY = date(2025, 6, 1)

facts = st.builds(
    BirthFacts,
    born_on=st.dates(DAY - timedelta(days=3), DAY + timedelta(days=3)),
    sex=st.sampled_from(["1", "2"]),
    multiple_index=st.one_of(st.none(), st.integers(1, 3)),
)


@given(facts, facts)
def test_same_and_unclear_are_symmetric_and_exclude_each_other(
    one: BirthFacts, other: BirthFacts
) -> None:
    assert same_birth(one, other) == same_birth(other, one)
    assert unclear_birth(one, other) == unclear_birth(other, one)
    assert not (same_birth(one, other) and unclear_birth(one, other))


@given(facts)
def test_a_birth_is_the_same_as_itself(one: BirthFacts) -> None:
    assert same_birth(one, one)


@given(facts, facts)
def test_declared_siblings_are_neither_the_same_nor_unclear(
    one: BirthFacts, other: BirthFacts
) -> None:
    first = BirthFacts(one.born_on, one.sex, 1)
    second = BirthFacts(other.born_on, other.sex, 2)
    assert not same_birth(first, second)
    assert not unclear_birth(first, second)


@pytest.mark.parametrize(
    ("days", "sex", "index", "same", "unclear"),
    [
        (0, "1", None, True, False),
        (1, "1", None, True, False),  # offices differ about midnight
        (2, "1", None, False, False),  # another birth, or the clerk's to see
        (0, "2", None, False, True),  # undeclared twins, or a slip in the sex
        (0, "1", 1, False, True),  # one office declared twins, the other did not
    ],
)
def test_against_a_single_boy(
    days: int, sex: str, index: int | None, same: bool, unclear: bool
) -> None:
    boy = BirthFacts(DAY, "1", None)
    other = BirthFacts(DAY + timedelta(days=days), sex, index)
    assert (same_birth(boy, other), unclear_birth(boy, other)) == (same, unclear)


@pytest.mark.parametrize(
    ("born_on", "name", "sex", "doubt"),
    [
        (date(2020, 1, 1), "王芳", "2", None),
        (date(2000, 1, 1), "王芳", "2", None),  # ten years old that day: not for us to judge
        (date(1999, 12, 31), "王芳", "2", Doubt.MOTHER_TOO_YOUNG),
        (date(1990, 1, 1), "王芳", "2", Doubt.CHILD_OLDER),
        (date(1980, 1, 1), "王芳", "2", Doubt.CHILD_OLDER),
        (date(2020, 1, 1), "王方", "2", Doubt.NAME_DIFFERS),
        (date(2020, 1, 1), "王芳", "1", Doubt.RECORDED_AS_MAN),
        (date(2020, 1, 1), "王芳", "0", None),
    ],
)
def test_doubts_about_a_mother_born_in_1990(
    born_on: date, name: str, sex: str, doubt: Doubt | None
) -> None:
    assert (
        doubt_about_mother(
            born_on=born_on,
            reported_name=name,
            name="王芳",
            sex=sex,
            birth_date=date(1990, 1, 1),
        )
        == doubt
    )


@pytest.mark.parametrize(
    ("mother", "sex", "relation"),
    [
        ("0", "1", "2"),
        ("1", "2", "3"),
        ("1", "0", "8"),
        ("3", "1", "4"),
        ("8", "1", "8"),  # a daughter-in-law may be entered so: the clerk says what it is
        (None, "2", "8"),
    ],
)
def test_a_childs_relation_follows_from_its_mothers(
    mother: str | None, sex: str, relation: str
) -> None:
    assert relation_of_child(mother, sex) == relation


def test_full_years() -> None:
    leap = date(2004, 2, 29)
    assert age_on(leap, date(2014, 2, 28)) == 9
    assert age_on(leap, date(2014, 3, 1)) == 10


def test_a_household_register_in_another_county_is_elsewhere() -> None:
    assert home_elsewhere("130102", "420325100") == "130102"
    assert home_elsewhere("420325200002", "420325100") is None
