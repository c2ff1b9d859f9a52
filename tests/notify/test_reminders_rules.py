"""When to remind, and the hours a person chose."""

from datetime import UTC, datetime, time

import pytest

from services.notify.contacts.rules import OwnHours, own_hours, takes_texts
from services.notify.messages.rules import ever_open, is_open, next_open, schedule
from services.notify.reminders.rules import remind_at
from services.notify.settings import Sending
from services.notify.templates.rules import Kind
from shared.clock import CHINA

SENDING = Sending()  # 8 to 21
EVENING = OwnHours(time(18), time(21))


def china(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (china(2, 9), china(1, 10)),
        (china(2, 0, 30), china(1, 10)),
        (datetime(2026, 12, 1, 23, tzinfo=UTC), china(1, 10)),  # the second in China
    ],
)
def test_a_reminder_goes_the_day_before_at_a_decent_hour(at: datetime, expected: datetime) -> None:
    assert remind_at(at, SENDING.remind_at) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (china(1, 10), china(1, 18)),
        (china(1, 18), china(1, 18)),
        (china(1, 20, 59), china(1, 20, 59)),
        (china(1, 21), china(2, 18)),
        (china(1, 3), china(1, 18)),
    ],
)
def test_her_hours_narrow_the_countys(at: datetime, expected: datetime) -> None:
    assert next_open(at, SENDING, EVENING) == expected
    assert is_open(at, SENDING, EVENING) == (at == expected)


def test_her_hours_never_widen_the_countys() -> None:
    early = OwnHours(time(6), time(10))
    assert next_open(china(1, 6), SENDING, early) == china(1, 8)
    assert next_open(china(1, 6), SENDING) == china(1, 8)


def test_hours_that_never_meet() -> None:
    tight = Sending(open_from=time(9), open_to=time(12))
    assert not ever_open(tight, EVENING, Kind.NOTICE)
    assert ever_open(SENDING, EVENING, Kind.NOTICE)
    always = Sending(open_from=time(0), open_to=time(0))
    for own in (None, EVENING):
        assert ever_open(always, own, Kind.NOTICE)
    assert next_open(china(1, 3), always, EVENING) == china(1, 18)


def test_what_is_urgent_does_not_wait() -> None:
    due, _ = schedule("urgent", china(1, 3), None, None, SENDING, EVENING)
    assert due == china(1, 3)
    due, stale = schedule("notice", china(1, 3), None, None, SENDING, EVENING)
    assert (due, stale) == (china(1, 18), china(2, 18))


def test_choices() -> None:
    assert own_hours(None, None) is own_hours(0, 24) is None
    assert own_hours(18, 21) == EVENING
    assert [takes_texts(each) for each in (None, "sms", "call", "letter", "none")] == [
        True,
        True,
        False,
        False,
        False,
    ]
