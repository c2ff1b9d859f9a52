"""What stands of somebody's marriages, and what speaks against a spouse's record."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.vital.rules import (
    Doubt,
    Recorded,
    Union,
    doubts_about_spouse,
    marital_status,
    open_union,
    standing_since,
    under_age_of_marriage,
)

ON = date(2026, 1, 1)
FIRST = Union(False, date(2010, 5, 1), "a")
DIVORCE = Union(True, date(2015, 5, 1), "a")
SECOND = Union(False, date(2020, 5, 1), "b")


def widowed(union: Union, died_on: date) -> Union:
    return Union(union.divorce, union.on, union.spouse, died_on)


@pytest.mark.parametrize(
    ("unions", "status", "since"),
    [
        ([], "90", None),  # nothing here does not mean single
        ([FIRST], "20", FIRST.on),
        ([FIRST, FIRST], "20", FIRST.on),  # registered twice is no second marriage
        ([FIRST, DIVORCE], "40", DIVORCE.on),
        ([DIVORCE], "40", DIVORCE.on),  # a marriage from elsewhere
        ([FIRST, DIVORCE, SECOND], "22", SECOND.on),
        ([SECOND, DIVORCE, FIRST], "22", SECOND.on),  # in whatever order they were registered
        ([FIRST, DIVORCE, Union(False, date(2021, 1, 1), "a")], "23", date(2021, 1, 1)),
        ([widowed(FIRST, date(2012, 3, 3))], "30", date(2012, 3, 3)),
        ([widowed(FIRST, date(2012, 3, 3)), SECOND], "22", SECOND.on),
        ([Union(False, date(2026, 1, 2), "a")], "90", None),  # tomorrow's
        ([Union(False, ON, "a"), Union(True, ON, "a")], "40", ON),
    ],
)
def test_marital_status(unions: list[Union], status: str, since: date | None) -> None:
    assert marital_status(unions, ON) == status
    assert standing_since(unions, ON) == since


def test_a_death_ends_a_marriage_from_its_day() -> None:
    union = widowed(FIRST, date(2012, 3, 3))
    assert open_union([union], date(2012, 3, 2)) == union
    assert open_union([union], date(2012, 3, 3)) is None


unions = st.lists(
    st.builds(
        Union,
        divorce=st.booleans(),
        on=st.dates(date(2010, 1, 1), date(2020, 1, 1)),
        spouse=st.sampled_from("ab"),
    ),
    max_size=6,
)


@given(unions)
def test_somebody_is_married_exactly_while_a_marriage_stands(found: list[Union]) -> None:
    married = marital_status(found, ON) in ("20", "22", "23")
    assert married is (open_union(found, ON) is not None)
    assert marital_status(list(reversed(found)), ON) in ("20", "22", "23", "30", "40", "90")


@pytest.mark.parametrize(
    ("sex", "born", "under"),
    [
        ("1", date(2003, 5, 20), False),  # 22 that day
        ("1", date(2003, 5, 21), True),
        ("2", date(2005, 5, 20), False),
        ("2", date(2005, 5, 21), True),
        ("0", date(2015, 1, 1), False),  # not to be told
    ],
)
def test_age_of_marriage(sex: str, born: date, under: bool) -> None:
    day = date(2025, 5, 20)
    assert under_age_of_marriage(sex, born, day, men=22, women=20) is under


@pytest.mark.parametrize(
    ("on", "name", "doubts"),
    [
        (date(2020, 1, 1), "王芳", []),
        (date(2024, 6, 1), "王芳", []),  # on the day she died
        (date(2024, 6, 2), "王芳", [Doubt.AFTER_DEATH]),
        (date(1990, 1, 1), "王方", [Doubt.NAME_DIFFERS, Doubt.BEFORE_BIRTH]),
    ],
)
def test_doubts_about_a_spouse(on: date, name: str, doubts: list[Doubt]) -> None:
    record = Recorded("王芳", "2", date(1990, 1, 1), date(2024, 6, 1))
    assert doubts_about_spouse(record, reported_name=name, on=on) == doubts
