"""Annual targets: broken down so that they add up, revised, and set beside what was done."""

import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.assessment.errors import NeverScored, UnknownKind
from services.assessment.facts.kinds import Kind
from services.assessment.indicators.rules import check_topics
from services.assessment.targets.errors import (
    DoesNotAddUp,
    NoPattern,
    OtherOffices,
    TargetNotFound,
    TargetSet,
)
from services.assessment.targets.handlers import revise_target, set_target
from services.assessment.targets.queries import get_progress, get_target
from services.assessment.targets.rules import (
    PLANNED,
    apportioned,
    broken_down,
    check_planned,
    shown_sums,
    working_days,
)
from services.assessment.targets.schemas import ReviseTarget, SetTarget, TargetView
from shared.db import Tx
from shared.problems import OutsideJurisdiction
from shared.testing import Issuer, make_actor
from tests.assessment.calls import API, as_, get, post
from tests.assessment.samples import (
    HOME,
    OTHER,
    PEER,
    TOWNSHIP,
    judge,
    make_fact,
    make_target,
    record,
)
from tests.conftest import TxFactory, parts_of


async def given_target(tx: Tx, **overrides: Any) -> TargetView:
    return await set_target(SetTarget.model_validate(make_target(**overrides)), HOME, tx)


@given(st.integers(0, 10**8), st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_parts_add_up_and_none_is_a_whole_one_off(total: int, shares: list[int]) -> None:
    parts = apportioned(total, shares)
    assert sum(parts) == total and min(parts) >= 0
    whole = sum(shares)
    if whole:
        assert all(
            abs(part * whole - total * share) < whole
            for part, share in zip(parts, shares, strict=True)
        )
    else:
        assert max(parts) - min(parts) <= 1


@given(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=20),
    st.lists(st.integers(0, 31), min_size=12, max_size=12),
)
def test_offices_and_months_add_up_both_ways(
    total: int, offices: list[int], months: list[int]
) -> None:
    cells = broken_down(total, offices, months)
    assert sum(map(sum, cells)) == total
    assert [sum(row) for row in cells] == apportioned(total, offices)


@pytest.mark.parametrize(("total", "shares"), [(1, []), (-1, [1]), (1, [1, -1])])
def test_there_is_nothing_to_divide_among(total: int, shares: list[int]) -> None:
    with pytest.raises(ValueError, match="no parts"):
        apportioned(total, shares)


def test_a_share_by_hand() -> None:
    assert apportioned(10, [1, 1, 1]) == [4, 3, 3]
    assert apportioned(100, [3, 1]) == [75, 25]
    assert apportioned(1, [0, 5]) == [0, 1]


def test_working_days_follow_the_published_calendar() -> None:
    days = working_days(2026)
    assert (
        days[9] == 18 and sum(days) == 248
    )  # October: the National Day week, one Saturday made up
    assert working_days(2099)[1] == 20  # not published: Monday to Friday
    assert len(days) == 12


def test_running_sums_do_not_tell_a_small_month() -> None:
    assert shown_sums([4, 14, 14, 17, 40], 10) == [None, 14, 14, None, 40]
    assert shown_sums([], 10) == []


def test_only_what_an_office_gives_is_planned() -> None:
    check_planned([each.value for each in PLANNED])
    for kind in [each.value for each in Kind if each not in PLANNED] + ["pregnancy_check"]:
        with pytest.raises(NeverScored):
            check_planned([kind])
    with pytest.raises(NeverScored):
        check_topics(["出生人口"], scored=True)


@pytest.mark.parametrize(
    "overrides",
    [
        {"offices": []},
        {"offices": [{"area": TOWNSHIP}, {"area": TOWNSHIP}]},
        {"offices": [{"area": TOWNSHIP}, {"area": HOME}]},
        {"offices": [{"area": TOWNSHIP, "office": "a"}, {"area": TOWNSHIP}]},
        {"offices": [{"area": TOWNSHIP, "served": 1}, {"area": OTHER}]},
        {"offices": [{"area": TOWNSHIP, "served": 0}]},
        {"offices": [{"area": "42"}]},
        {"total": 0},
        {"total": 1.5},
        {"year": 1999},
        {"by_month": "random"},
        {"person": "x"},
    ],
)
def test_malformed_targets(overrides: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SetTarget.model_validate(make_target(**overrides))


def test_two_offices_of_one_area_are_two() -> None:
    offices = [{"area": TOWNSHIP, "office": "health"}, {"area": TOWNSHIP, "office": "civil"}]
    assert len(SetTarget.model_validate(make_target(offices=offices)).offices) == 2


@pytest.mark.usefixtures("emptied")
async def test_by_working_days_and_population(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        target = await given_target(tx)
        assert [row.total for row in target.rows] == [9001, 3000]
        assert [row.months for row in target.rows] == [
            apportioned(9001, working_days(2026)),
            apportioned(3000, working_days(2026)),
        ]
        assert sum(target.months) == 12_001
        with pytest.raises(TargetSet):
            await given_target(tx)
        with pytest.raises(UnknownKind):
            counted = {"kinds": ["service_delivered"], "outcomes": ["nobody"]}
            await given_target(tx, code="other", counted=counted)


@pytest.mark.usefixtures("emptied")
async def test_as_last_year_went(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        with pytest.raises(NoPattern):
            await given_target(tx, by_month="last_year")
        for month, count in ((2, 100), (3, 300)):
            day = date(2025, month, 4)
            await record(
                tx,
                make_fact(Kind.SERVICE_DELIVERED, "migrant", count, area=TOWNSHIP, day=day),
                make_fact(Kind.SERVICE_DELIVERED, "local", 999, area=PEER, day=day),
            )
        target = await given_target(tx, by_month="last_year", total=800)
        assert target.months == [0, 200, 600, *[0] * 9]


@pytest.mark.usefixtures("emptied")
async def test_a_revision_is_a_further_edition_and_adds_up(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        first = await given_target(tx, by_month="even", total=240)
        body = {"total": 250, "cells": [[15] * 12, [5] * 12], "reason": "一季度防汛"}
        with pytest.raises(DoesNotAddUp):
            await revise_target(ReviseTarget.model_validate(body), "services", 2026, HOME, tx)
        with pytest.raises(OtherOffices):
            fewer = ReviseTarget.model_validate(body | {"cells": [[20] * 12], "total": 240})
            await revise_target(fewer, "services", 2026, HOME, tx)
        body["total"] = 240
        second = await revise_target(ReviseTarget.model_validate(body), "services", 2026, HOME, tx)
        assert (second.edition, second.reason) == (2, "一季度防汛")
        assert second.months == [20] * 12 and second.rows[0].total == 180
        assert await get_target("services", 2026, 1, HOME, tx) == first
        assert await get_target("services", 2026, None, HOME, tx) == second
        with pytest.raises(TargetNotFound):
            await revise_target(ReviseTarget.model_validate(body), "services", 2027, HOME, tx)
        tx.actor = make_actor(region=TOWNSHIP)
        with pytest.raises(OutsideJurisdiction):
            await revise_target(ReviseTarget.model_validate(body), "services", 2026, HOME, tx)
        with pytest.raises(OutsideJurisdiction):
            await given_target(tx, code="other")


@pytest.mark.usefixtures("emptied")
async def test_progress_counts_this_year_alone_and_hides_what_is_small(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await given_target(tx, by_month="even", total=240)
        tx.now = datetime(2026, 4, 20, 4, tzinfo=UTC)
        for area, outcome, day, count in (
            (TOWNSHIP, "migrant", date(2026, 1, 4), 20),
            (TOWNSHIP, "local", date(2026, 2, 4), 3),
            (TOWNSHIP + "001", "local", date(2026, 3, 4), 30),
            (OTHER, "local", date(2026, 3, 4), 12),
            (OTHER, "local", date(2025, 12, 31), 70),
            (PEER, "local", date(2026, 3, 4), 99),
        ):
            await record(tx, make_fact(Kind.SERVICE_DELIVERED, outcome, count, area=area, day=day))
        view = await get_progress("services", 2026, HOME, tx)
        assert view.planned[:4] == [20, 40, 60, 80] and view.planned[-1] == 240
        assert (view.done, view.through) == ([20, None, 65, 65], "2026-04")
        assert [(row.planned, row.done) for row in view.rows] == [(60, 53), (20, 12)]
        tx.now = datetime(2025, 12, 20, 4, tzinfo=UTC)
        assert (await get_progress("services", 2026, HOME, tx)).done == []


@pytest.mark.usefixtures("emptied")
async def test_an_office_is_counted_by_its_own_facts(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        offices = [{"area": HOME, "office": "health"}, {"area": HOME, "office": "civil"}]
        await given_target(
            tx, offices=offices, counted={"kinds": ["service_delivered"], "outcomes": ["migrant"]}
        )
        for office, outcome, count in (
            ("health", "migrant", 40),
            ("health", "local", 80),
            ("civil", "migrant", 15),
            ("", "migrant", 7),
        ):
            fact = make_fact(Kind.SERVICE_DELIVERED, outcome, count, office=office)
            await record(tx, fact)
        view = await get_progress("services", 2026, HOME, tx)
        assert [row.done for row in view.rows] == [40, 15]


async def test_targets_over_http(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    made = await post(client, "/annual-targets", make_target())
    path = "/annual-targets/services/2026"
    assert await get(client, path) == made
    assert (await get(client, "/annual-targets", year="2026"))["items"] == [made]
    assert (await get(client, "/annual-targets", year="2027"))["items"] == []
    births = make_target(code="births-a-year", counted={"kinds": ["birth_registered"]})
    assert (await post(client, "/annual-targets", births, 422))["type"].endswith("/never-scored")
    assert (await post(client, "/annual-targets", make_target(), 409))["type"].endswith("-set")
    async with parts_of(app).database.transaction(judge) as tx:
        await record(tx, make_fact(Kind.SERVICE_DELIVERED, "migrant", 500, area=TOWNSHIP))
    revision = {"total": 24, "cells": [[1] * 12, [1] * 12], "reason": "任务调整"}
    assert (await post(client, f"{path}/revision", revision, 200))["edition"] == 2
    for wrong in ({"total": 25}, {"cells": [[1] * 12]}, {"cells": [[1] * 11] * 2}):
        await post(client, f"{path}/revision", revision | wrong, 422)
    assert (await get(client, f"{path}/progress"))["done"][9] == 500
    for language in ("zh", "en"):
        answer = await client.get(
            f"{API}{path}/progress", params={"format": "svg", "language": language}
        )
        assert answer.headers["content-type"].startswith("image/svg+xml")
        words = [each.text or "" for each in ElementTree.fromstring(answer.text).iter()]
        assert {"zh": "计划", "en": "planned"}[language] in words and "500" in words
    png = await client.get(f"{API}{path}/progress", params={"format": "png"})
    assert png.content.startswith(b"\x89PNG")
    assert (await client.get(f"{API}{path}/progress", params={"format": "pdf"})).status_code == 400
    assert (await client.get(f"{API}/annual-targets/services/x")).status_code == 400
    for region in (PEER, TOWNSHIP):
        client.headers.update(as_(issuer, region=region))
        for each in (path, f"{path}/progress"):
            assert (await client.get(API + each)).status_code == 404
        assert (await get(client, "/annual-targets"))["items"] == []
        await post(client, f"{path}/revision", revision, 403)
    client.headers.update(as_(issuer, scope="assessment:read"))
    await post(client, "/annual-targets", make_target(code="other"), 403)
