"""When two reports are of one birth, and what cannot be true of a mother's record."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.vital.rules import (
    CONFIRMABLE,
    BirthFacts,
    Doubt,
    Recorded,
    age_on,
    doubt_about_births,
    doubts_about_mother,
    home_elsewhere,
    is_late,
    name_of_unnamed,
    relation_of_child,
    same_birth,
    unclear_birth,
    unresolved,
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
    ("born_on", "name", "sex", "doubts"),
    [
        (date(2020, 1, 1), "王芳", "2", []),
        (date(2002, 1, 1), "王芳", "2", []),  # twelve years old that day
        (date(2001, 12, 31), "王芳", "2", [Doubt.MOTHER_TOO_YOUNG]),
        (date(2045, 12, 31), "王芳", "2", []),
        (date(2046, 1, 1), "王芳", "2", [Doubt.MOTHER_TOO_OLD]),
        (date(1990, 1, 1), "王芳", "2", [Doubt.CHILD_OLDER]),
        (date(1980, 1, 1), "王芳", "2", [Doubt.CHILD_OLDER]),
        (date(2020, 1, 1), "王方", "1", [Doubt.NAME_DIFFERS, Doubt.RECORDED_AS_MAN]),
        (date(2020, 1, 1), "王芳", "0", []),
        (date(2030, 6, 2), "王芳", "2", [Doubt.MOTHER_DIED]),
        (date(2030, 6, 1), "王芳", "2", []),  # she died giving birth
    ],
)
def test_doubts_about_a_mother_born_in_1990(
    born_on: date, name: str, sex: str, doubts: list[Doubt]
) -> None:
    died_on = date(2030, 6, 1) if born_on.year == 2030 else None
    mother = Recorded("王芳", sex, date(1990, 1, 1), died_on)
    found = doubts_about_mother(mother, reported_name=name, born_on=born_on, youngest=12, oldest=55)
    assert found == doubts


@pytest.mark.parametrize(
    ("days", "one", "other", "doubt"),
    [
        (0, None, None, None),  # the same birth, which is folded, not doubted
        (0, 1, 2, None),  # twins
        (0, 1, None, Doubt.OTHER_BIRTH),
        (2, None, None, Doubt.CLOSE_BIRTH),
        (213, None, None, Doubt.CLOSE_BIRTH),  # 1 June to 31 December
        (214, None, None, None),  # seven months to the day
        (40, 1, 2, Doubt.CLOSE_BIRTH),  # twins are not born forty days apart, as a rule
    ],
)
def test_births_of_one_mother_that_may_be_one(
    days: int, one: int | None, other: int | None, doubt: Doubt | None
) -> None:
    first, second = BirthFacts(DAY, "1", one), BirthFacts(DAY + timedelta(days), "1", other)
    same = same_birth(first, second)
    for this, others in ((first, [second]), (second, [first])):
        found = doubt_about_births(this, [] if same else others, 7)
        assert found == doubt
    assert doubt_about_births(first, [], 7) is None


def test_only_what_is_unlikely_can_be_confirmed() -> None:
    doubts = [Doubt.MOTHER_TOO_YOUNG, Doubt.CLOSE_BIRTH]
    assert unresolved(doubts, []) is Doubt.MOTHER_TOO_YOUNG
    assert unresolved(doubts, [Doubt.MOTHER_TOO_YOUNG]) is Doubt.CLOSE_BIRTH
    assert unresolved(doubts, doubts) is None
    impossible = set(Doubt) - CONFIRMABLE
    assert {Doubt.CHILD_OLDER, Doubt.RECORDED_AS_MAN, Doubt.AFTER_DEATH} <= impossible
    for doubt in impossible:
        assert unresolved([doubt], list(Doubt)) is doubt


@pytest.mark.parametrize(
    ("happened", "registered", "late"),
    [
        (date(2025, 1, 31), date(2025, 2, 28), False),  # the month's last day is in time
        (date(2025, 1, 31), date(2025, 3, 1), True),
        (date(2024, 1, 31), date(2024, 2, 29), False),
        (date(2025, 6, 1), date(2025, 7, 1), False),
        (date(2025, 6, 1), date(2025, 7, 2), True),
        (date(2025, 12, 15), date(2026, 1, 15), False),
    ],
)
def test_a_month_is_a_month(happened: date, registered: date, late: bool) -> None:
    assert is_late(happened, registered, 1) is late


def test_a_child_without_a_name_is_called_its_mothers() -> None:
    assert [name_of_unnamed("王芳", sex) for sex in "120"] == ["王芳之子", "王芳之女", "王芳之婴"]


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
