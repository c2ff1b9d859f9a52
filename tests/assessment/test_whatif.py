"""What-ifs: a draft on what has been. Nothing of it is published."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.errors import SchemeNotFound, WrongSpan
from services.assessment.facts.kinds import Kind
from services.assessment.indicators.handlers import load_standard
from services.assessment.schemes.handlers import declare_scheme
from services.assessment.schemes.schemas import DeclareScheme
from services.assessment.scorecards.handlers import compute_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard
from services.assessment.whatifs.errors import NothingToTry, WhatIfEnded
from services.assessment.whatifs.handlers import BATCH, cancel_what_if, carry_on, try_scheme
from services.assessment.whatifs.queries import get_what_if, list_lines
from services.assessment.whatifs.schemas import TryScheme, WhatIfView
from services.assessment.whatifs.worker import WhatIfWorker
from shared.db import Tx
from shared.events.assessment import ScorecardPublished
from shared.problems import OutsideJurisdiction
from shared.testing import Issuer, emitted, make_actor
from tests.assessment.calls import API, as_, get, given_answers, in_force, post
from tests.assessment.samples import (
    HOME,
    PEER,
    TOWNSHIP,
    make_fact,
    make_item,
    make_scheme,
    record,
)
from tests.assessment.samples import WHAT_IF_SPAN as SPAN
from tests.assessment.samples import in_force as scheme_in_force
from tests.conftest import TxFactory

CODE = "inquiry-answered-in-time"


async def prepare(tx: Tx, areas: int = 2) -> None:
    """A scheme in force from October on with 92 of 100 in time, and a stricter draft of it."""
    await load_standard(tx)
    body = make_scheme(make_item(CODE), valid_from="2026-10-01")
    await scheme_in_force(tx, body)
    ahead = (tx.today.replace(day=1) + timedelta(days=40)).replace(day=1)
    stricter = make_scheme(make_item(CODE, floor="90", target="100"), valid_from=str(ahead))
    await declare_scheme(DeclareScheme.model_validate(stricter), tx)
    for number in range(areas):
        for month in (9, 10):
            place = {"area": f"420325{100 + number}", "day": date(2026, month, 8)}
            await record(tx, make_fact(Kind.INQUIRY_ANSWER, "in_time", 92, **place))
            await record(tx, make_fact(Kind.INQUIRY_ANSWER, "late", 8, **place))


async def tried(tx: Tx, **overrides: Any) -> WhatIfView:
    command = TryScheme.model_validate({"version": 2} | SPAN | overrides)
    return await try_scheme(command, "county-2026", HOME, tx)


@pytest.mark.usefixtures("emptied")
async def test_a_draft_beside_what_is_in_force_on_the_same_facts(open_tx: TxFactory) -> None:
    """(92−50)/45 → 93.33 now, (92−90)/10 → 20 then. In September no version was in force."""
    async with open_tx("assessment") as tx:
        await prepare(tx)
        asked = await tried(tx)
        assert (asked.draft, asked.total, asked.status) == (True, 6, "running")
        assert WhatIfWorker.kind in tx.called
        assert not await carry_on(asked.id, tx)
        lines = (await list_lines(asked.id, 50, None, tx)).items
        assert {each.area for each in lines} == {HOME, TOWNSHIP, "420325101"}
        for line in lines:
            now = None if line.period == "2026-09" else Decimal("93.33")
            assert (line.now_score, line.now_version) == (now, 1 if now else None)
            assert (line.then_score, line.then_judged) == (Decimal("20.00"), Decimal(100))
            assert line.difference == (Decimal("-73.33") if now else None)
        done = await get_what_if(asked.id, tx)
        assert (done.status, done.done) == ("finished", 6) and done.ended_at is not None
        for table in ("scorecards", "scorecard_items", "scorecard_cells"):
            assert await tx.fetch_value(f"SELECT count(*) FROM {table}") == 0
        assert emitted(tx, ScorecardPublished) == []


@pytest.mark.usefixtures("emptied")
async def test_what_a_what_if_says_is_what_the_card_would_say(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, areas=1)
        asked = await tried(tx, version=1, first_period="2026-10")
        assert not asked.draft
        await carry_on(asked.id, tx)
        for line in (await list_lines(asked.id, 50, None, tx)).items:
            body = {"scheme": "county-2026", "period": line.period, "area": line.area}
            card = await compute_scorecard(ComputeScorecard.model_validate(body), HOME, tx)
            assert line.then_score == line.now_score == card.score
            assert line.difference == 0 and line.then_judged == card.judged


@pytest.mark.usefixtures("emptied")
async def test_a_what_if_goes_on_where_it_stood_and_is_stopped(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, areas=BATCH)
        asked = await tried(tx)
        assert asked.total == 2 * (BATCH + 1)
        assert await carry_on(asked.id, tx)
        assert (await get_what_if(asked.id, tx)).done == BATCH
        first = await list_lines(asked.id, 4, None, tx)
        rest = await list_lines(asked.id, 50, first.next, tx)
        assert len(first.items) + len(rest.items) == BATCH and rest.next is None
        assert (await cancel_what_if(asked.id, tx)).status == "cancelled"
        assert not await carry_on(asked.id, tx)
        assert (await get_what_if(asked.id, tx)).done == BATCH
        with pytest.raises(WhatIfEnded):
            await cancel_what_if(asked.id, tx)


@pytest.mark.usefixtures("emptied")
async def test_without_periods_it_is_the_year_that_ended_last(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, areas=1)
        asked = await tried(tx, first_period=None, last_period=None)
        last = tx.today.replace(day=1) - timedelta(days=1)
        assert asked.last_period == f"{last:%Y-%m}"
        first = (last.replace(day=1) - timedelta(days=330)).replace(day=1)
        assert asked.first_period == f"{first:%Y-%m}"


@pytest.mark.usefixtures("emptied")
@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"version": 9}, SchemeNotFound),
        ({"first_period": "2026-10", "last_period": "2026-09"}, WrongSpan),
        ({"first_period": "2026-Q3"}, WrongSpan),
    ],
)
async def test_what_cannot_be_tried(
    open_tx: TxFactory, overrides: dict[str, Any], problem: type[Exception]
) -> None:
    async with open_tx("assessment") as tx:
        await prepare(tx, areas=1)
        with pytest.raises(problem):
            await tried(tx, **overrides)


@pytest.mark.usefixtures("emptied")
async def test_a_level_without_areas_and_another_place(open_tx: TxFactory) -> None:
    """A province in which nothing was counted has no county to judge."""
    async with open_tx("assessment", actor=make_actor(region="42")) as tx:
        await load_standard(tx)
        await declare_scheme(DeclareScheme.model_validate(make_scheme(make_item(CODE))), tx)
        command = TryScheme.model_validate({"version": 1} | SPAN)
        with pytest.raises(NothingToTry):
            await try_scheme(command, "county-2026", "42", tx)
        tx.actor = make_actor(region=TOWNSHIP)
        with pytest.raises(OutsideJurisdiction):
            await try_scheme(command, "county-2026", HOME, tx)


async def test_what_ifs_over_http(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    await in_force(client, make_scheme(make_item(CODE)))
    await given_answers(app, 92, 8)
    asked = await post(client, "/schemes/county-2026/what-ifs", {"version": 1} | SPAN, 202)
    path = f"/what-ifs/{asked['id']}"
    async with asyncio.timeout(20):
        while (done := await get(client, path))["status"] == "running":
            await asyncio.sleep(0.02)
    assert (done["status"], done["done"], done["draft"]) == ("finished", asked["total"], False)
    assert [each["id"] for each in (await get(client, "/what-ifs", scheme="county-2026"))["items"]]
    assert (await get(client, "/what-ifs", scheme="other"))["items"] == []
    lines = (await get(client, f"{path}/lines"))["items"]
    assert [(each["period"], each["then_score"]) for each in lines] == [
        ("2026-09", None),
        ("2026-10", "93.33"),
    ]
    for cursor in ("!", "WyJ4Il0", "WzFd"):
        answer = await client.get(f"{API}{path}/lines", params={"cursor": cursor})
        assert answer.status_code == 400
    await post(client, "/schemes/county-2026/what-ifs", {"version": 0}, 422)
    await post(client, "/schemes/county-2026/what-ifs", {"version": 1, "person": "x"}, 422)
    await post(client, f"{path}/cancellation", status=409)
    for region in (PEER, TOWNSHIP):
        client.headers.update(as_(issuer, region=region))
        for each in (path, f"{path}/lines"):
            assert (await client.get(API + each)).status_code == 404
        await post(client, f"{path}/cancellation", status=404)
        await post(client, "/schemes/county-2026/what-ifs", {"version": 1} | SPAN, 403)
        assert (await get(client, "/what-ifs"))["items"] == []
    client.headers.update(as_(issuer, scope="assessment:read"))
    await post(client, "/schemes/county-2026/what-ifs", {"version": 1} | SPAN, 403)
