"""Indicators and schemes over HTTP."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.facts.kinds import Kind
from tests.assessment.calls import API, get, post
from tests.assessment.samples import (
    HOME,
    judge,
    make_fact,
    make_item,
    make_scheme,
    make_share,
    record,
)
from tests.conftest import parts_of


async def test_the_standard_indicators_are_there_and_explained(client: httpx.AsyncClient) -> None:
    page = await get(client, "/indicators", limit="200")
    assert len(page["items"]) >= 10 and page["next"] is None
    one = await get(client, "/indicators/notices-confirmed")
    assert one["version"] == 1 and one["origin"] == "standard"
    assert one["formula"]["zh"] == "通报获确认(流入) ÷ 流入登记(来自外地) × 100%"
    assert one["source_events"] == [
        "yipan.exchange.notice-confirmed.v1",
        "yipan.migrant.arrival-annulled.v1",
        "yipan.migrant.migrant-arrived.v1",
        "yipan.migrant.stay-corrected.v1",
    ]


async def test_starting_again_adds_nothing_and_keeps_a_countys_own(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    from services.assessment.indicators.handlers import load_standard

    await post(client, "/indicators", make_share(code="help-satisfaction"))
    async with parts_of(app).database.transaction(judge) as tx:
        before = await tx.fetch_value("SELECT count(*) FROM indicators")
        await load_standard(tx)
        assert await tx.fetch_value("SELECT count(*) FROM indicators") == before
    mine = await get(client, "/indicators/help-satisfaction")
    assert (mine["version"], mine["origin"]) == (2, "county")
    assert (await get(client, "/indicators/help-satisfaction", version="1"))["version"] == 1


async def test_pages_of_indicators_meet_without_overlap(client: httpx.AsyncClient) -> None:
    codes: list[str] = []
    page: Any = {"next": ""}
    while page["next"] is not None:
        cursor = {"cursor": page["next"]} if page["next"] else {}
        page = await get(client, "/indicators", limit="4", **cursor)
        codes += [item["code"] for item in page["items"]]
    everything = await get(client, "/indicators", limit="200")
    assert codes == [item["code"] for item in everything["items"]] == sorted(set(codes))


@pytest.mark.parametrize("cursor", ["!", "W10", "WzEsMl0", "e30"])
@pytest.mark.parametrize("path", ["/indicators", "/schemes", "/scorecards", "/appeals", "/vetoes"])
async def test_a_cursor_that_is_none_of_ours(
    client: httpx.AsyncClient, path: str, cursor: str
) -> None:
    answer = await client.get(API + path, params={"cursor": cursor})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(("language", "word"), [("zh", "不得考核"), ("en", "never scored")])
async def test_a_birth_rate_is_refused_with_the_reason(
    client: httpx.AsyncClient, language: str, word: str
) -> None:
    answer = await client.post(
        API + "/indicators",
        json=make_share(code="birth-rate"),
        headers={"Accept-Language": language},
    )
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"].endswith("/never-scored") and problem["topic"] == "births"
    assert word in problem["title"] and problem["detail"]


async def test_a_scheme_cannot_score_what_only_describes(client: httpx.AsyncClient) -> None:
    for code in ("certificates-checked", "records-corrected", "birth-rate"):
        problem = await post(client, "/schemes", make_scheme(make_item(code)), 422)
        assert problem["type"].endswith("/never-scored"), code
    unknown = await post(client, "/schemes", make_scheme(make_item("no-such")), 422)
    assert unknown["type"].endswith("/unknown-indicator")


async def test_described_counts_are_shown_from_ten_on(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    path = "/indicators/certificates-checked/value"
    for count, status, value in ((9, "too_few_cases", None), (12, "ok", "21.00")):
        async with parts_of(app).database.transaction(judge) as tx:
            await record(tx, make_fact(Kind.CERTIFICATE_CHECKED, "genuine", count))
        view = await get(client, path, period="2026-10", area=HOME)
        assert (view["status"], view["value"]) == (status, value)


@pytest.mark.parametrize(
    "change",
    [
        {"form": "rank"},
        {"minimum_cases": 1},
        {"person": "x"},
        {"numerator": None},
        {"name": {"zh": "只有中文"}},
        {"code": "Ä"},
    ],
)
async def test_malformed_indicators(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    problem = await post(client, "/indicators", make_share(**change), 422)
    assert problem["type"].endswith("/malformed-body")


async def test_malformed_queries(client: httpx.AsyncClient) -> None:
    for path, params in (
        ("/scorecards", {"period": "2026-13"}),
        ("/scorecards", {"area": "4"}),
        ("/scorecards/not-an-id", {}),
        ("/indicators/notices-confirmed/value", {"period": "2026-10"}),
    ):
        assert (await client.get(API + path, params=params)).status_code == 400, path
    problem = await post(
        client, "/scorecards", {"scheme": "x", "period": "2026-10", "area": "42"}, 422
    )
    assert problem["errors"][0]["field"] == "body.area"
