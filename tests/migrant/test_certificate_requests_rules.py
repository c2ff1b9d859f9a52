"""Decisions about requests for a certificate, without a database."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.migrant.certificates import request_rules as rules
from services.migrant.certificates.request_rules import (
    NEXT_STEP,
    Problem,
    RequestStatus,
    check_collectable,
    check_decidable,
    completed,
    in_time,
    lacking_of,
)
from services.migrant.errors import (
    AlreadyDecided,
    FactsDoNotFit,
    NotReadyYet,
    RecordsToBeSettled,
    RequestOver,
    SameDecider,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOME = {"home_region": "420325100001"}


def test_every_limit_names_its_source() -> None:
    shipped = json.loads(Path(rules.__file__).with_name("limits.json").read_text("utf-8"))
    assert {each["value"] > 0 for each in shipped.values()} == {True}
    assert all(each["source"] and each["zh"] and each["en"] for each in shipped.values())
    assert timedelta(days=15) == rules.DECIDE
    assert timedelta(days=14) == rules.COLLECT  # the rights line: no longer than that


def test_every_status_says_what_comes_next() -> None:
    assert set(NEXT_STEP) == set(RequestStatus)
    assert all(each.zh and each.en for each in NEXT_STEP.values())


@pytest.mark.parametrize(
    ("day", "timely"), [(date(2026, 11, 22), True), (date(2026, 11, 23), False)]
)
def test_the_last_day_is_in_time(day: date, timely: bool) -> None:
    assert in_time(day, date(2026, 11, 22)) is timely


def test_what_the_records_lack() -> None:
    assert lacking_of(["over_18", "name"], HOME) == ["birth_date", "name"]
    assert lacking_of(["over_18"], {"birth_date": "1990-01-01"}) == ["home_region"]
    assert lacking_of(["home_region"], HOME) == []


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({}, ["name"]),  # a gap is left
        ({"name": "王芳", "sex": "2"}, ["name"]),  # more than was asked
        ({"name": "王芳"}, []),  # the records have it
        ({"home_region": "500101100001"}, ["home_region"]),  # not ours to issue
    ],
)
def test_what_a_desk_may_not_fill_in(given: dict[str, Any], lacking: list[str]) -> None:
    known = {} if "home_region" in lacking else HOME
    with pytest.raises(FactsDoNotFit):
        completed(known, given, lacking, "420325")


def test_the_records_are_kept_and_the_gap_is_filled() -> None:
    assert completed(HOME, {"name": "王芳"}, ["name"], "420325") == HOME | {"name": "王芳"}


@pytest.mark.parametrize("status", sorted(set(RequestStatus) - {"asked", "open"}))
def test_what_is_decided_stays(status: str) -> None:
    with pytest.raises(AlreadyDecided):
        check_decidable(status, [], None, "clerk-1", issue=True)


def test_who_may_decide_and_over_what() -> None:
    check_decidable("open", [Problem.CONTESTED, Problem.MISSING], None, "clerk-1", issue=True)
    check_decidable("open", [Problem.DECEASED], None, "clerk-1", issue=False)
    with pytest.raises(SameDecider):
        check_decidable("open", [], "clerk-1", "clerk-1", issue=False)
    for problem in (Problem.DECEASED, Problem.HOME_ELSEWHERE):
        with pytest.raises(RecordsToBeSettled):
            check_decidable("open", [problem], None, "clerk-1", issue=True)


@pytest.mark.parametrize(
    ("status", "collect_by", "collected_at", "raised"),
    [
        ("asked", None, None, NotReadyYet),
        ("open", None, None, NotReadyYet),
        ("ready", NOW, None, RequestOver),
        ("collected", NOW + timedelta(days=3), NOW - timedelta(minutes=10), RequestOver),
        ("declined", None, None, RequestOver),
        ("withdrawn", NOW + timedelta(days=3), None, RequestOver),
        ("lapsed", NOW - timedelta(days=3), None, RequestOver),
    ],
)
def test_what_cannot_be_collected(
    status: str,
    collect_by: datetime | None,
    collected_at: datetime | None,
    raised: type[Exception],
) -> None:
    with pytest.raises(raised):
        check_collectable(status, collect_by, collected_at, NOW)


def test_what_can_be_collected_and_for_a_moment_again() -> None:
    check_collectable("ready", NOW + timedelta(seconds=1), None, NOW)
    later = NOW + timedelta(days=3)
    check_collectable("collected", later, NOW - timedelta(minutes=9), NOW)
