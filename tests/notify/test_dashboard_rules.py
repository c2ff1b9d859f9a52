"""What is worth an alert."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.messages.rules import Lane
from services.notify.settings import Hours, Sending, Watching
from services.notify.templates.rules import Kind
from services.notify.watching.rules import (
    AlertKind,
    failing,
    is_low,
    resented,
    silent,
    unsent_seconds,
    waiting,
)
from shared.ids import new_id

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # 12:00 in China
RULES = Watching()


def test_a_provider_is_low_under_half_of_its_points() -> None:
    assert [is_low(points, 100) for points in (100, 50, 49.9, 1)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("due", "kind", "now", "seconds"),
    [
        (NOON - timedelta(minutes=3), Kind.NOTICE, NOON, 180),
        (NOON + timedelta(minutes=3), Kind.NOTICE, NOON, None),  # waits for its hour
        (None, Kind.NOTICE, NOON, None),
        # due at 20:59, now 08:05: five minutes in which it might have gone
        (NOON - timedelta(hours=15), Kind.NOTICE, NOON - timedelta(hours=3, minutes=55), 300),
        (NOON, Kind.NOTICE, NOON + timedelta(hours=10), None),  # 22:00: nothing may go
        (NOON, Kind.URGENT, NOON + timedelta(hours=10), 36_000),  # urgent texts always may
        (NOON, Kind.PROMOTION, NOON + timedelta(hours=7), None),  # 19:00: its own hours are over
        (NOON - timedelta(hours=9), Kind.PROMOTION, NOON, 7200),  # its own hours began at ten
    ],
)
def test_quiet_hours_do_not_age_a_text(
    due: datetime | None, kind: Kind, now: datetime, seconds: int | None
) -> None:
    own = {Kind.PROMOTION: Hours.model_validate({"open_from": "10:00", "open_to": "18:00"})}
    assert unsent_seconds(due, kind, now, Sending(hours=own)) == seconds


def test_where_it_is_never_closed_every_second_counts() -> None:
    always = Sending.model_validate({"open_from": "00:00", "open_to": "00:00"})
    assert unsent_seconds(NOON - timedelta(days=2), Kind.NOTICE, NOON, always) == 172_800


def test_a_provider_fails_once_it_is_low_for_long() -> None:
    low = {
        "a": (NOON - timedelta(minutes=5), 12.5, 100),
        "b": (NOON - timedelta(minutes=4), 1.0, 100),
    }
    (found,) = failing(low, NOON, RULES)
    assert (found.kind, found.provider, found.value, found.limit) == (
        AlertKind.PROVIDER_FAILING,
        "a",
        12,
        50,
    )


def test_a_lane_is_late_after_its_minutes() -> None:
    found = waiting({Lane.URGENT: 901, Lane.BULK: 900}, RULES)
    assert [(each.subject, each.value, each.limit) for each in found] == [("urgent", 15, 15)]
    assert waiting({Lane.URGENT: None}, RULES) == []


@pytest.mark.parametrize(
    ("accepted", "missing", "value"),
    [(100, 20, None), (100, 21, 21), (50, 50, 100), (49, 49, None), (1000, 201, 21)],
)
def test_missing_receipts_count_from_a_number_of_texts(
    accepted: int, missing: int, value: int | None
) -> None:
    found = silent([("a", accepted, missing)], RULES)
    assert [each.value for each in found] == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("texts", "stops", "value"), [(100, 3, None), (100, 4, 4), (99, 99, None), (1000, 31, 4)]
)
def test_a_campaign_is_resented_from_a_share_of_stops(
    texts: int, stops: int, value: int | None
) -> None:
    campaign_id = new_id()
    found = resented([(campaign_id, texts, stops)], RULES)
    assert [(each.value, each.campaign_id) for each in found] == (
        [] if value is None else [(value, campaign_id)]
    )
