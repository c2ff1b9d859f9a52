"""Stays and half-years, without a database."""

from datetime import date

import pytest

from services.migrant.arrivals.rules import check_arrival, check_departure, counts_since
from services.migrant.errors import AlreadyArrived, DepartureBeforeArrival, OverlapsStay
from services.migrant.people.rules import half_year_on, same_name

MARCH = date(2026, 3, 2)
MAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (date(2026, 3, 2), date(2026, 9, 2)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 7, 1), date(2027, 1, 1)),
        (date(2026, 6, 30), date(2026, 12, 30)),
        (date(2026, 12, 31), date(2027, 6, 30)),
    ],
)
def test_half_year(since: date, expected: date) -> None:
    assert half_year_on(since) == expected


def test_a_first_arrival_meets_no_obstacle() -> None:
    check_arrival("420325100", MARCH, last_region=None, last_arrived_on=None, last_until=None)


def test_the_same_arrival_twice() -> None:
    with pytest.raises(AlreadyArrived):
        check_arrival(
            "420325100", MARCH, last_region="420325100", last_arrived_on=MARCH, last_until=None
        )


@pytest.mark.parametrize(("last_arrived_on", "last_until"), [(MAY, None), (MARCH, MAY)])
def test_an_arrival_before_what_is_known(last_arrived_on: date, last_until: date | None) -> None:
    with pytest.raises(OverlapsStay):
        check_arrival(
            "420325101",
            date(2026, 4, 1) if last_until else MARCH,
            last_region="420325100",
            last_arrived_on=last_arrived_on,
            last_until=last_until,
        )


def test_a_move_keeps_counting_and_a_return_begins_anew() -> None:
    assert counts_since(MAY, None, MARCH) == MARCH
    assert counts_since(MAY, date(2026, 4, 1), MARCH) == MAY
    assert counts_since(MAY, None, None) == MAY


def test_departure_order() -> None:
    check_departure(MARCH, MARCH)
    with pytest.raises(DepartureBeforeArrival):
        check_departure(MAY, MARCH)


def test_names_compare_by_their_letters() -> None:
    assert same_name("阿依古丽·买买提", "阿依古丽 买买提")
    assert not same_name("刘小梅", "刘晓梅")
