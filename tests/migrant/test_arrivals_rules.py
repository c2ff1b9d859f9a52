"""Stays and half-years, without a database."""

from datetime import date

import pytest

from services.migrant.arrivals.rules import (
    Doubt,
    check_arrival,
    check_bounds,
    check_departure,
    check_expected,
    counts_since,
    death_in,
    doubts_left,
    full_months,
)
from services.migrant.errors import (
    AlreadyArrived,
    DayPassed,
    DepartureBeforeArrival,
    OverlapsStay,
)
from services.migrant.people.queries import permit_rule
from services.migrant.people.rules import Absence, half_year, half_year_on, same_name

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


@pytest.mark.parametrize(
    ("months", "expected"),
    [(1, date(2026, 9, 30)), (4, date(2026, 12, 31)), (12, date(2027, 8, 31))],
)
def test_a_county_may_ask_for_other_months(months: int, expected: date) -> None:
    assert half_year_on(date(2026, 8, 31), months) == expected


Stays = list[tuple[date, date | None]]


@pytest.mark.parametrize(
    ("stays", "absence_days", "since", "counted", "missing", "bridged"),
    [
        ([(MARCH, None)], 0, MARCH, 60, 124, []),
        ([(MARCH, date(2026, 4, 1)), (date(2026, 4, 1), None)], 0, MARCH, 60, 124, []),
        (
            [(MARCH, date(2026, 4, 1)), (date(2026, 4, 11), None)],
            0,
            date(2026, 4, 11),
            20,
            163,
            [0],
        ),
        ([(MARCH, date(2026, 4, 1)), (date(2026, 4, 11), None)], 10, MARCH, 50, 134, [1]),
        (
            [(MARCH, date(2026, 4, 1)), (date(2026, 4, 12), None)],
            10,
            date(2026, 4, 12),
            19,
            164,
            [0],
        ),
        ([(date(2025, 3, 2), None)], 0, date(2025, 3, 2), 425, 0, []),
    ],
)
def test_days_counted_missing_and_away(
    stays: Stays, absence_days: int, since: date, counted: int, missing: int, bridged: list[int]
) -> None:
    rule = permit_rule().model_copy(update={"absence_days": absence_days})
    found = half_year(stays, MAY, rule)
    assert found is not None
    assert (found.counted_since, found.days_counted, found.days_missing) == (
        since,
        counted,
        missing,
    )
    assert [each.bridged for each in found.absences] == [bool(each) for each in bridged]
    if bridged:
        assert found.absences[0] == Absence(stays[0][1] or MAY, stays[1][0], bool(bridged[0]))


@pytest.mark.parametrize("stays", [[], [(MARCH, MAY)]])
def test_who_does_not_live_here_counts_towards_nothing(stays: Stays) -> None:
    assert half_year(stays, MAY, permit_rule()) is None


def test_the_rule_names_its_source_and_where_to_go() -> None:
    rule = permit_rule()
    assert rule.months == 6
    assert "663" in rule.source.zh and "663" in rule.source.en
    assert "派出所" in rule.referral.zh and "police" in rule.referral.en


@pytest.mark.parametrize(
    ("since", "today", "months"),
    [(MARCH, date(2026, 4, 1), 0), (MARCH, date(2026, 4, 2), 1), (MAY, MARCH, 0)],
)
def test_full_months(since: date, today: date, months: int) -> None:
    assert full_months(since, today) == months


@pytest.mark.parametrize(
    ("arrived_on", "until", "not_before", "not_after"),
    [
        (MARCH, None, MAY, None),
        (MAY, None, None, MARCH),
        (MARCH, None, None, MAY),
        (MARCH, date(2026, 6, 1), None, MAY),
    ],
)
def test_a_corrected_stay_overlaps_no_other(
    arrived_on: date, until: date | None, not_before: date | None, not_after: date | None
) -> None:
    with pytest.raises(OverlapsStay) as told:
        check_bounds(arrived_on, until, not_before, not_after)
    assert told.value.extra == {
        "not_before": str(not_before) if not_before else None,
        "not_after": str(not_after) if not_after else None,
    }


def test_a_corrected_stay_fits_between_its_neighbours() -> None:
    check_bounds(MARCH, None, None, None)
    check_bounds(MARCH, MAY, MARCH, MAY)
    with pytest.raises(DepartureBeforeArrival):
        check_bounds(MAY, MARCH, None, None)


def test_what_a_correction_answers() -> None:
    doubts = [Doubt.UNKNOWN_ROOM, Doubt.OTHER_REGION, Doubt.RECORDED_DEAD, Doubt.REGION_SPLIT]
    assert doubts_left(doubts, ["room_id"]) == [Doubt.RECORDED_DEAD, Doubt.REGION_SPLIT]
    assert doubts_left(doubts, ["region"]) == [Doubt.UNKNOWN_ROOM, Doubt.RECORDED_DEAD]
    assert doubts_left(doubts, ["arrived_on"]) == doubts
    assert Doubt.RECORDED_DEAD not in doubts_left(doubts, [], [Doubt.RECORDED_DEAD])


def test_who_arrived_after_her_death_stands_at_the_desk() -> None:
    assert death_in(MARCH, MAY).until == MAY
    assert death_in(MARCH, MARCH).until == MARCH
    assert death_in(MAY, MARCH).until is None


def test_a_day_that_can_be_expected() -> None:
    check_expected(MAY, MAY)
    for day in (MARCH, date(2028, 6, 1)):
        with pytest.raises(DayPassed):
            check_expected(day, MAY)


def test_a_first_arrival_meets_no_obstacle() -> None:
    check_arrival("420325100", MARCH, last_region=None, last_arrived_on=None, last_until=None)


def test_the_same_arrival_twice() -> None:
    with pytest.raises(AlreadyArrived):
        check_arrival(
            "420325100", MARCH, last_region="420325100", last_arrived_on=MARCH, last_until=None
        )


@pytest.mark.parametrize(("last_arrived_on", "last_until"), [(MAY, None), (MARCH, MAY)])
def test_an_arrival_before_what_is_known(last_arrived_on: date, last_until: date | None) -> None:
    with pytest.raises(OverlapsStay) as told:
        check_arrival(
            "420325101",
            date(2026, 4, 1) if last_until else MARCH,
            last_region="420325100",
            last_arrived_on=last_arrived_on,
            last_until=last_until,
        )
    assert told.value.extra == {"not_before": str(MAY), "not_after": None}


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
