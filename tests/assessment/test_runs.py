"""Runs: the cards of an ended period compute themselves, and nobody publishes them but people."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.errors import RunGoesOn, RunNotFound
from services.assessment.facts.kinds import Kind
from services.assessment.indicators.handlers import load_standard
from services.assessment.periods import parse_period
from services.assessment.runs.handlers import BATCH, begin_run, carry_on, publish_run
from services.assessment.runs.models import RunStatus, ScorecardRun
from services.assessment.runs.rules import ended_before
from services.assessment.runs.worker import RunWorker
from services.assessment.scorecards.handlers import compute_scorecard, publish_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard, RaiseVeto
from services.assessment.scorecards.vetoing import raise_veto
from shared.clock import today
from shared.db import Tx
from shared.events.assessment import ScorecardPublished
from shared.ids import new_id
from shared.testing import Issuer, emitted
from tests.assessment.calls import API, as_, get, post
from tests.assessment.calls import in_force as scheme_in_force
from tests.assessment.samples import (
    HOME,
    PEER,
    TOWNSHIP,
    in_force,
    make_fact,
    make_item,
    make_scheme,
    record,
)
from tests.conftest import TxFactory, parts_of

CODE = "inquiry-answered-in-time"
OCTOBER = parse_period("2026-10")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 1), ["2026-10"]),
        (date(2026, 11, 30), ["2026-10"]),
        (date(2026, 10, 1), ["2026-09", "2026-Q3"]),
        (date(2026, 7, 2), ["2026-06", "2026-Q2", "2026-H1"]),
        (date(2027, 1, 1), ["2026-12", "2026-Q4", "2026-H2", "2026"]),
        (date(2028, 3, 1), ["2028-02"]),
    ],
)
def test_what_ended_with_the_month(day: date, expected: list[str]) -> None:
    assert [each.text for each in ended_before(day)] == expected


async def prepare(tx: Tx, *areas: str, **overrides: Any) -> None:
    await load_standard(tx)
    await in_force(tx, make_scheme(make_item(CODE), **overrides))
    for area in areas:
        await record(
            tx,
            make_fact(Kind.INQUIRY_ANSWER, "in_time", 80, area=area),
            make_fact(Kind.INQUIRY_ANSWER, "late", 20, area=area),
        )


async def only_run(tx: Tx) -> ScorecardRun:
    (run,) = await tx.find(ScorecardRun, "SELECT * FROM scorecard_runs")
    return run


async def cards(tx: Tx) -> list[tuple[str, str]]:
    rows = await tx.fetch("SELECT area, status FROM scorecards ORDER BY area, office, edition")
    return [(row["area"], row["status"]) for row in rows]


@pytest.mark.usefixtures("emptied")
async def test_a_run_computes_whom_facts_speak_of_and_publishes_nothing(
    open_tx: TxFactory,
) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, HOME, TOWNSHIP, "420325101005", PEER)
        assert await begin_run(OCTOBER, HOME, tx)
        assert not await begin_run(OCTOBER, HOME, tx)
        run = await only_run(tx)
        while await carry_on(run.id, tx):
            pass
        areas = [HOME, TOWNSHIP, "420325101", PEER]
        assert await cards(tx) == [(area, "preliminary") for area in areas]
        run = await only_run(tx)
        assert (run.status, run.computed, run.skipped, run.failed) == ("finished", 4, 0, 0)
        assert emitted(tx, ScorecardPublished) == []


@pytest.mark.usefixtures("emptied")
async def test_what_is_published_stays_and_last_months_offices_come_again(
    open_tx: TxFactory,
) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, HOME)
        office = {"scheme": "county-2026", "period": "2026-09", "area": HOME, "office": "health"}
        await compute_scorecard(ComputeScorecard.model_validate(office), HOME, tx)
        whole = {"scheme": "county-2026", "period": "2026-10", "area": HOME}
        card = await compute_scorecard(ComputeScorecard.model_validate(whole), HOME, tx)
        before = await publish_scorecard(card.id, tx)
        await begin_run(OCTOBER, HOME, tx)
        assert not await carry_on((await only_run(tx)).id, tx)
        run = await only_run(tx)
        assert run.due == [["county-2026", HOME, ""], ["county-2026", HOME, "health"]]
        assert (run.computed, run.skipped) == (1, 1)
        after = await tx.fetch_value("SELECT version FROM scorecards WHERE id = $1", card.id)
        assert after == before.version


@pytest.mark.usefixtures("emptied")
async def test_where_no_scheme_was_in_force_nothing_begins(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, HOME, valid_from="2026-11-01")
        assert not await begin_run(OCTOBER, HOME, tx)
        assert await tx.fetch_value("SELECT count(*) FROM scorecard_runs") == 0


@pytest.mark.usefixtures("emptied")
async def test_a_run_goes_on_where_it_stood(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        areas = [f"420325{number}" for number in range(100, 100 + BATCH + 2)]
        await prepare(tx, HOME, *areas)
        await begin_run(OCTOBER, HOME, tx)
        run = await only_run(tx)
        assert await carry_on(run.id, tx)
        assert (await only_run(tx)).done == BATCH == len(await cards(tx))
        assert not await carry_on(run.id, tx)
        assert (await only_run(tx)).done == BATCH + 3 == len(await cards(tx))
        assert not await carry_on(run.id, tx)


@pytest.mark.usefixtures("emptied")
async def test_one_that_fails_holds_up_none_of_the_others(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, HOME)
        await begin_run(OCTOBER, HOME, tx)
        run = await only_run(tx)
        run.due = [["no-such-scheme", HOME, ""], *run.due]
        await tx.save(run)
        assert not await carry_on(run.id, tx)
        run = await only_run(tx)
        assert (run.failed, run.computed, run.status) == (1, 1, RunStatus.FINISHED)
        assert await cards(tx) == [(HOME, "preliminary")]


def last_month() -> str:
    return f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"


async def given_a_scheme(client: httpx.AsyncClient) -> None:
    await scheme_in_force(client, make_scheme(make_item(CODE), valid_from="2025-01-01"))


async def test_the_worker_does_each_period_once_with_several_replicas(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await given_a_scheme(client)
    parts = parts_of(app)
    workers = [RunWorker(parts.database, parts.actor) for _ in range(2)]
    for worker in workers * 4:
        await worker.work_once()
    runs = (await get(client, "/scorecard-runs"))["items"]
    expected = {each.text for each in ended_before(today())}
    assert {run["period"] for run in runs} == expected and len(runs) == len(expected)
    assert {run["status"] for run in runs} == {"finished"}
    page = await get(client, "/scorecards", period=last_month())
    assert [each["status"] for each in page["items"]] == ["preliminary"]


async def test_a_run_is_watched_and_stopped(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_a_scheme(client)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await begin_run(parse_period(last_month()), HOME, tx)
    (run,) = (await get(client, "/scorecard-runs"))["items"]
    path = f"/scorecard-runs/{run['id']}"
    assert await get(client, path) == run and (run["total"], run["done"]) == (1, 0)
    for region in (PEER, TOWNSHIP):
        client.headers.update(as_(issuer, region=region))
        assert (await client.get(API + path)).status_code == 404
        await post(client, f"{path}/cancellation", status=404)
        assert (await get(client, "/scorecard-runs"))["items"] == []
    client.headers.update(as_(issuer, scope="assessment:read"))
    await post(client, f"{path}/cancellation", status=403)
    client.headers.update(as_(issuer))
    assert (await post(client, f"{path}/cancellation", status=200))["status"] == "cancelled"
    again = await post(client, f"{path}/cancellation", status=409)
    assert again["type"].endswith("/run-ended")
    await RunWorker(parts.database, parts.actor).work_once()
    assert (await get(client, "/scorecards", period=last_month()))["items"] == []


@pytest.mark.usefixtures("emptied")
async def test_all_cards_of_a_run_are_published_at_once(open_tx: TxFactory) -> None:
    """One that is held back and one on which nothing could be judged stay, and are counted."""
    async with open_tx("assessment") as tx:
        await prepare(tx, HOME, TOWNSHIP)
        await record(tx, make_fact(Kind.INQUIRY_ANSWER, "late", 3, area=PEER))
        veto = {"area": TOWNSHIP, "period": "2026-10", "ground": "privacy-breach", "reason": "泄露"}
        await raise_veto(RaiseVeto.model_validate(veto), HOME, tx)
        await begin_run(OCTOBER, HOME, tx)
        run = await only_run(tx)
        with pytest.raises(RunGoesOn):
            await publish_run(run.id, tx)
        await carry_on(run.id, tx)
        told = await publish_run(run.id, tx)
        assert (told.published, told.held_back, told.nothing_judged) == (1, 1, 1)
        (event,) = emitted(tx, ScorecardPublished)
        assert isinstance(event, ScorecardPublished) and event.area == HOME
        again = await publish_run(run.id, tx)
        assert (again.published, again.held_back, again.nothing_judged) == (0, 1, 1)
        with pytest.raises(RunNotFound):
            await publish_run(new_id(), tx)


async def test_a_run_is_published_over_http(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_a_scheme(client)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await begin_run(parse_period(last_month()), HOME, tx)
    (run,) = (await get(client, "/scorecard-runs"))["items"]
    path = f"/scorecard-runs/{run['id']}/publication"
    assert (await post(client, path, status=409))["type"].endswith("/run-goes-on")
    await RunWorker(parts.database, parts.actor).work_once()
    told = await post(client, path, status=200)
    assert told == {"published": 0, "held_back": 0, "nothing_judged": 1}
    client.headers.update(as_(issuer, region=PEER))
    await post(client, path, status=404)
    client.headers.update(as_(issuer, scope="assessment:read"))
    await post(client, path, status=403)
