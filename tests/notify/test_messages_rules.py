"""Decent hours, lifetimes, retries, and what parts make of a text."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.notify.contacts.rules import OwnHours
from services.notify.messages.rules import (
    Lane,
    Status,
    ever_open,
    is_open,
    lane_of,
    next_open,
    retry_at,
    schedule,
    status_of,
)
from services.notify.settings import Sending
from shared.clock import CHINA

RULES = Sending()


def china(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 5, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (china(8), china(8)),
        (china(20, 59), china(20, 59)),
        (china(21), china(8, day=11)),
        (china(23, 30), china(8, day=11)),
        (china(0), china(8)),
        (china(7, 59), china(8)),
    ],
)
def test_quiet_hours_end_at_eight(at: datetime, opens: datetime) -> None:
    assert next_open(at, RULES) == opens


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_the_next_open_moment_is_open_and_near(at: datetime) -> None:
    opens = next_open(at, RULES)
    assert is_open(opens, RULES)
    assert timedelta() <= opens - at < timedelta(hours=11, minutes=1)


def test_urgent_texts_go_at_any_hour() -> None:
    assert schedule("urgent", china(23), None, None, RULES)[0] == china(23)
    assert (lane_of("urgent"), lane_of("promotion")) == (Lane.URGENT, Lane.BULK)


def test_expiry_moves_with_the_quiet_hours() -> None:
    due, expires = schedule("notice", china(22), None, china(23), RULES)
    assert due == china(8, day=11)
    assert expires == china(9, day=11)


def test_not_before_is_kept() -> None:
    due, expires = schedule("notice", china(9), china(15), None, RULES)
    assert due == china(15)
    assert expires - due == timedelta(hours=RULES.lifetime_hours)


def test_equal_ends_mean_always_open() -> None:
    always = Sending(open_from=time(0), open_to=time(0))
    assert is_open(china(3), always)


def test_pauses_double_up_to_ten_minutes() -> None:
    pauses = [(retry_at(china(9), n, RULES) - china(9)).total_seconds() for n in (1, 2, 3, 12)]
    assert pauses == [10, 20, 40, 600]


@pytest.mark.parametrize(
    ("parts", "delivered", "failed", "status"),
    [
        (1, 1, 0, Status.DELIVERED),
        (2, 1, 0, Status.SUBMITTED),
        (2, 1, 1, Status.FAILED),
        (1, 0, 1, Status.FAILED),
        (2, 0, 0, Status.SUBMITTED),
    ],
)
def test_parts_make_the_status(parts: int, delivered: int, failed: int, status: Status) -> None:
    assert status_of(parts, delivered, failed) is status


KINDS = Sending.model_validate(
    {
        "hours": {
            "promotion": {"open_from": "10:00", "open_to": "19:00"},
            "urgent": {"open_from": "06:00", "open_to": "23:00"},
        }
    }
)


@pytest.mark.parametrize(
    ("kind", "at", "opens"),
    [
        ("notice", china(8), china(8)),
        ("promotion", china(8), china(10)),
        ("promotion", china(19), china(10, day=11)),
        ("urgent", china(5), china(6)),
        ("urgent", china(22), china(22)),
    ],
)
def test_each_kind_keeps_its_hours(kind: str, at: datetime, opens: datetime) -> None:
    due, expires = schedule(kind, at, None, at + timedelta(minutes=5), KINDS)
    assert due == opens
    assert expires - due == timedelta(minutes=5)


def test_her_hours_narrow_what_is_not_urgent() -> None:
    own = OwnHours(time(12), time(18))
    assert next_open(china(9), KINDS, own, "notice") == china(12)
    assert next_open(china(18), KINDS, own, "promotion") == china(12, day=11)
    assert next_open(china(9), KINDS, own, "urgent") == china(9)
    assert not ever_open(KINDS, OwnHours(time(19), time(21)), "promotion")
    assert ever_open(KINDS, OwnHours(time(19), time(21)), "notice")


def test_a_window_that_never_opens_is_refused() -> None:
    with pytest.raises(ValidationError):
        Sending.model_validate({"hours": {"notice": {"open_from": "21:00", "open_to": "08:00"}}})
    with pytest.raises(ValidationError):
        Sending.model_validate({"hours": {"whatever": {"open_from": "08:00", "open_to": "09:00"}}})
