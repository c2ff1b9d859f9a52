"""When a place is open and which of its times are free."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.migrant.appointments.rules import (
    Booking,
    ExceptionalDay,
    Hours,
    Taken,
    Window,
    check_hours,
    day_bounds,
    left_of,
    local_day,
    slots_of,
)
from services.migrant.services.rules import Service
from shared.clock import today
from tests.migrant.appointment_samples import make_hours, make_window

MONDAY = date(2026, 11, 30)


def window(**overrides: Any) -> Window:
    return Window.model_validate(make_window(**overrides))


def booking(windows: list[Window], exceptions: Sequence[ExceptionalDay] = ()) -> Booking:
    return Booking(windows=windows, exceptions=list(exceptions))


def test_a_day_is_cut_into_times_of_china() -> None:
    slots = slots_of(MONDAY, booking([window()]), Service.LEGAL_AID)
    assert len(slots) == 6
    assert slots[0].at == datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # nine in China
    assert slots[-1].ends_at == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)


def test_a_stretch_that_is_too_short_at_its_end_is_no_appointment() -> None:
    slots = slots_of(MONDAY, booking([window(closes="10:10")]), Service.LEGAL_AID)
    assert [each.at.minute for each in slots] == [0, 30]


def test_only_its_weekdays_and_services() -> None:
    mondays = window(weekdays=[1])
    assert slots_of(MONDAY, booking([mondays]), Service.LEGAL_AID)
    assert not slots_of(MONDAY + timedelta(days=1), booking([mondays]), Service.LEGAL_AID)
    assert not slots_of(MONDAY, booking([mondays]), Service.HOUSING)


def test_an_exceptional_day_takes_the_place_of_its_weekday() -> None:
    day = today() + timedelta(days=3)
    closed = ExceptionalDay.model_validate({"day": str(day), "hours": []})
    assert slots_of(day, booking([window()], [closed]), Service.LEGAL_AID) == []
    late = make_hours(opens="14:00", closes="15:00")
    other = ExceptionalDay.model_validate({"day": str(day), "hours": [late]})
    assert len(slots_of(day, booking([window()], [other]), Service.LEGAL_AID)) == 2
    next_day = day + timedelta(days=1)
    assert len(slots_of(next_day, booking([window()], [other]), Service.LEGAL_AID)) == 6


def test_services_of_one_window_share_its_places() -> None:
    slot = slots_of(MONDAY, booking([window()]), Service.LEGAL_AID)[0]
    assert left_of(slot, Taken({})) == 2
    assert left_of(slot, Taken({(slot.at, "health-check"): 1, (slot.at, "legal-aid"): 1})) == 0
    assert left_of(slot, Taken({(slot.at, "housing"): 2})) == 2
    assert left_of(slot, Taken({(slot.at, "legal-aid"): 9})) == 0  # the hours were narrowed since


def test_hours_of_one_service_do_not_overlap() -> None:
    morning, late = window(closes="11:00"), window(opens="10:30")
    with pytest.raises(ValueError, match="overlap"):
        check_hours([morning, late], [])
    check_hours([morning, window(opens="11:00")], [])
    check_hours([morning, window(opens="10:30", services=["housing"])], [])
    check_hours([window(closes="11:00", weekdays=[1]), window(opens="10:30", weekdays=[2])], [])
    day = ExceptionalDay.model_validate({"day": str(today()), "hours": [make_hours()]})
    with pytest.raises(ValueError, match="twice"):
        check_hours([], [day, day])
    doubled = day.model_copy(update={"hours": [*day.hours, *day.hours]})
    with pytest.raises(ValueError, match="overlap"):
        check_hours([], [doubled])


@pytest.mark.parametrize(
    "change",
    [
        {"opens": "12:00"},
        {"minutes": 200},
        {"minutes": 0},
        {"capacity": 0},
        {"services": []},
        {"services": ["pregnancy-check"]},
        {"opens": "09:00+08:00"},
        {"note": "女性专场"},
    ],
)
def test_hours_that_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(make_hours(**change))


def test_a_day_begins_in_china() -> None:
    begins, ends = day_bounds(MONDAY)
    assert begins == datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert ends - begins == timedelta(days=1)
    assert local_day(begins) == MONDAY
    assert local_day(begins - timedelta(seconds=1)) == MONDAY - timedelta(days=1)
    assert time(9) == window().opens
