"""Id numbers one slip apart, and what a single pair weighs."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.duplicates.levels import Comparison
from services.registry.duplicates.model import (
    COMPARISONS,
    FEWEST,
    LEVELS,
    Finding,
    prior,
    probability_of,
    weigh,
    weight_of,
)
from services.registry.duplicates.rules import (
    id_digits,
    one_slip_apart,
    slips_of,
    within_one,
)
from services.registry.duplicates.thresholds import DEFAULT
from shared.codes import resident_id_check_digit
from tests.registry.duplicate_samples import HOUSE, NUMBER, record
from tests.registry.places import AWAY, NEXT, number


def weighed(records: int = FEWEST, **other: object) -> Finding:
    return weigh(record(), record(n=2, **other), records)


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_one_digit_is_a_slip(place: int, by: int) -> None:
    other = NUMBER[:place] + str((int(NUMBER[place]) + by) % 10) + NUMBER[place + 1 :]
    assert one_slip_apart(NUMBER, other)
    assert one_slip_apart(other, NUMBER)


@given(st.integers(0, 15))
def test_neighbours_changed_over_are_one_slip(place: int) -> None:
    other = NUMBER[:place] + NUMBER[place + 1] + NUMBER[place] + NUMBER[place + 2 :]
    assert one_slip_apart(NUMBER, other)


@pytest.mark.parametrize("other", ["", NUMBER[:17], number("19911111", 112), NUMBER[::-1]])
def test_other_numbers_are_not(other: str) -> None:
    assert not one_slip_apart(NUMBER, other)


@pytest.mark.parametrize(
    ("one", "other", "within"),
    [("wangfang", "wangfan", True), ("lin", "ling", True), ("a", "abc", False), ("", "", True)],
)
def test_a_letter_more(one: str, other: str, within: bool) -> None:
    assert within_one(one, other) == within_one(other, one) == within


def test_every_slip_of_a_number_is_a_valid_number_near_it() -> None:
    slips = slips_of(NUMBER)
    assert 60 < len(slips) < 169  # 153 wrong digits and 16 exchanges, most with a day that exists
    assert NUMBER not in slips
    assert number("19900101", 122) in slips
    assert number("19900110", 112) in slips
    for slip in slips:
        assert resident_id_check_digit(slip[:17]) == slip[17]
        assert date.fromisoformat(slip[6:14])
        assert one_slip_apart(slip[:17], NUMBER[:17])


def test_an_old_number_is_the_same_number() -> None:
    assert id_digits("420325900101112") == id_digits(NUMBER) == NUMBER[:17]
    assert id_digits(None) is id_digits("4203") is None
    assert "same-id-number" in weighed(id_number="420325900101112").codes


def test_missing_papers_are_likely_the_same_person() -> None:
    found = weighed(id_number=None)
    assert found.codes == (
        *("same-name", "same-birth-date", "id-number-missing", "same-sex", "phone-missing"),
        *("household-unknown", "same-village"),
    )
    assert found.weight >= DEFAULT.strong


@pytest.mark.parametrize(
    "number_of_other",
    [
        number("19900101", 122),  # a digit of the serial
        number("19900101", 114),
        number("19900101", 112, area="420325".replace("0", "1", 1)),
        number("19900101", 112, area="423025"),  # neighbours changed over
    ],
)
def test_one_wrong_digit_is_proposed(number_of_other: str) -> None:
    assert weighed(id_number=number_of_other).weight >= DEFAULT.strong
    assert weighed(id_number=number_of_other, hukou_region=AWAY).weight >= DEFAULT.review


def test_a_wrong_day_in_the_number_is_proposed() -> None:
    found = weighed(id_number=number("19900102", 112), birth_date=date(1990, 1, 2))
    assert {"birth-date-one-slip-apart", "id-numbers-one-slip-apart"} <= set(found.codes)
    assert found.weight >= DEFAULT.review


@pytest.mark.parametrize("name", ["王□", "王jie", "WANG FANG", "芳王", "王方", "王芳芳"])
def test_writings_of_the_name_without_a_number(name: str) -> None:
    """A box, a homophone, pinyin, the other order; not a name of another sound."""
    found = weighed(name=name, id_number=None)
    alike = name not in ("王jie", "王芳芳")
    assert (found.weight >= DEFAULT.review + 4) == alike


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("name", ["陈小宝", "陈大勇", "陈子涵"])
@pytest.mark.parametrize("mother", [True, False])
def test_twins_are_kept_apart(name: str, numbered: bool, mother: bool) -> None:
    """Of one household or one mother, of one sex, one character apart, with serials beside each
    other and the phone of the parents."""
    same: dict[str, object] = {
        "birth_date": date(2015, 5, 5),
        "phone_index": b"p" * 32,
        "mother_id" if mother else "household_id": HOUSE,
    }
    one = record(name="陈大宝", id_number=number("20150505", 112) if numbered else None, **same)
    two = record(n=2, name=name, id_number=number("20150505", 114) if numbered else None, **same)
    found = weigh(one, two, FEWEST)
    assert "twins" in found.codes
    assert found.weight < DEFAULT.review


def test_twins_whose_names_sound_the_same_have_two_numbers() -> None:
    same: dict[str, object] = {"birth_date": date(2015, 5, 5), "household_id": HOUSE}
    one = record(name="陈佳怡", id_number=number("20150505", 112), **same)
    two = record(n=2, name="陈佳仪", id_number=number("20150505", 114), **same)
    assert weigh(one, two, FEWEST).weight < DEFAULT.review
    # one child entered twice, once by ear and without papers
    again = record(n=2, name="陈佳仪", id_number=None, **same)
    assert weigh(one, again, FEWEST).weight >= DEFAULT.review


def test_one_child_entered_twice_in_its_household_is_found() -> None:
    same: dict[str, object] = {"birth_date": date(2015, 5, 5), "household_id": HOUSE}
    one = record(name="陈大宝", id_number=number("20150505", 112), **same)
    two = record(n=2, name="陈大宝", id_number=None, **same)
    assert weigh(one, two, FEWEST).weight >= DEFAULT.strong


def test_father_and_son_are_two() -> None:
    found = weighed(
        name="王芳华",
        birth_date=date(2015, 3, 4),
        id_number=number("20150304", 112),
        household_id=HOUSE,
        phone_index=b"p" * 32,
    )
    assert found.weight < DEFAULT.review


def test_namesakes_of_one_day_elsewhere_are_two_and_weaker_in_a_large_county() -> None:
    found = weighed(id_number=number("19900101", 554), hukou_region=NEXT)
    assert "id-numbers-differ" in found.codes
    assert found.weight < DEFAULT.review
    unnumbered = [
        weighed(records, id_number=None, hukou_region=NEXT).weight
        for records in (FEWEST, 1_000_000)
    ]
    assert unnumbered[0] - unnumbered[1] == pytest.approx(3.3, abs=0.1)


def test_weights_and_probabilities() -> None:
    assert weight_of(0.5) == 0
    assert probability_of(weight_of(0.99)) == pytest.approx(0.99)
    assert probability_of(-2000) < 1e-300
    assert prior(3) == prior(FEWEST) > prior(FEWEST * 2)


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda each: each.name)
def test_the_outcomes_of_a_comparison_are_all_there_are(comparison: Comparison) -> None:
    levels = comparison.levels
    assert all(level.words.zh and level.words.en for level in levels)
    assert [LEVELS[level.code] for level in levels] == [(comparison, level) for level in levels]
    assert sum(level.m for level in levels) == pytest.approx(1, abs=0.001)
    counted = [level.u for level in levels if level.code != "twins"]  # whose weight is set
    assert sum(counted) == pytest.approx(1, abs=0.002)


records = st.builds(
    lambda **said: record(**said),
    n=st.integers(1, 9),
    name=st.sampled_from(["王芳", "王方", "李娜", "芳王"]),
    sex=st.sampled_from(["1", "2"]),
    birth_date=st.sampled_from([date(1990, 1, 1), date(1990, 1, 2)]),
    id_number=st.sampled_from([None, NUMBER, number("19900101", 122)]),
    phone_index=st.sampled_from([None, b"p" * 8]),
    household_id=st.sampled_from([None, HOUSE]),
    mother_id=st.sampled_from([None, UUID(int=9)]),
)


@given(records, records)
def test_weights_do_not_depend_on_the_order(one: object, other: object) -> None:
    assert weigh(one, other, FEWEST) == weigh(other, one, FEWEST)  # type: ignore[arg-type]
