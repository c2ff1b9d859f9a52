"""Scorecards, vetoes and appeals over HTTP."""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from shared.events.assessment import AppealDecided, ScorecardPublished
from shared.testing import Issuer
from tests.assessment.calls import as_, computed, get, given_answers, post, published
from tests.assessment.samples import HOME, judge
from tests.conftest import parts_of


async def test_from_facts_to_an_upheld_appeal(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await given_answers(app, 92, 8)
    card = await published(client)
    assert (card["standing"], card["score"]) == ("published", "93.33")
    page = await get(client, "/scorecards", period="2026-10", area=HOME)
    assert [each["id"] for each in page["items"]] == [card["id"]]
    evidence = await get(client, f"/scorecards/{card['id']}/evidence")
    assert evidence["items"][0]["sides"][0] == {
        "side": "denominator",
        "count": 100,
        "sum_measure": 0,
        "cells": [
            {"kind": "inquiry_answer", "outcome": "in_time", "day": "2026-10-12", "count": None,
             "sum_measure": None},
            {"kind": "inquiry_answer", "outcome": "late", "day": "2026-10-12", "count": None,
             "sum_measure": None},
        ],
    }  # fmt: skip
    body = {
        "scorecard_id": card["id"],
        "indicator": "inquiry-answered-in-time",
        "reason": "三件已按时",
    }
    appeal = await post(client, "/appeals", body)
    assert (await get(client, f"/scorecards/{card['id']}"))["standing"] == "appealed"
    twice = await post(client, "/appeals", body, 409)
    assert twice["type"].endswith("/appeal-open")
    decision = {"upheld": True, "reason": "属实"}
    same = await post(client, f"/appeals/{appeal['id']}/decision", decision, 409)
    assert same["type"].endswith("/same-person")
    await given_answers(app, 100, 1)
    client.headers.update(as_(issuer, sub="head-1"))
    decided = await post(client, f"/appeals/{appeal['id']}/decision", decision, 200)
    again = await post(client, f"/appeals/{appeal['id']}/decision", decision, 409)
    assert again["type"].endswith("/appeal-settled")
    second = await get(client, f"/scorecards/{decided['new_scorecard_id']}")
    assert (second["edition"], second["score"]) == (2, "100.00")
    assert (await get(client, "/appeals", status="upheld"))["items"] == [decided]
    assert await get(client, f"/appeals/{appeal['id']}") == decided
    async with parts_of(app).database.transaction(judge) as tx:
        payloads = await tx.fetch("SELECT payload FROM outbox ORDER BY id")
    types = [ScorecardPublished.event_type] * 2 + [AppealDecided.event_type]
    assert [any(t in p["payload"] for p in payloads) for t in types] == [True] * 3
    assert len(payloads) == 3


async def test_an_appeal_after_fifteen_days_is_too_late(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await given_answers(app, 92, 8)
    card = await published(client)
    async with parts_of(app).database.transaction(judge) as tx:
        await tx.execute(
            "UPDATE scorecards SET published_at = published_at - $1::interval", timedelta(days=16)
        )
    (listed,) = (await get(client, "/scorecards", status="published"))["items"]
    assert listed["standing"] == "final"
    body = {"scorecard_id": card["id"], "indicator": "inquiry-answered-in-time", "reason": "不服"}
    assert (await post(client, "/appeals", body, 409))["type"].endswith("/appeal-too-late")


async def test_only_a_published_scorecard_can_be_appealed(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await given_answers(app, 92, 8)
    card = await computed(client)
    body = {"scorecard_id": card["id"], "indicator": "inquiry-answered-in-time", "reason": "不服"}
    assert (await post(client, "/appeals", body, 409))["type"].endswith("/not-published")


async def test_a_veto_holds_a_scorecard_back_until_it_is_lifted(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await given_answers(app, 92, 8)
    card = await computed(client)
    ground = {"area": HOME, "period": "2026-Q4", "ground": "privacy-breach", "reason": "名单外泄"}
    veto = await post(client, "/vetoes", ground)
    path = f"/scorecards/{card['id']}/publication"
    held = await post(client, path, status=409)
    assert held["type"].endswith("/held-back")
    assert held["vetoes"] == [{"id": veto["id"], "ground": "privacy-breach"}]
    assert (await get(client, "/vetoes", open="true"))["items"] == [veto]
    await post(client, f"/vetoes/{veto['id']}/lifting", {"reason": "已整改"}, 200)
    again = await post(client, f"/vetoes/{veto['id']}/lifting", {"reason": "已整改"}, 409)
    assert again["type"].endswith("/veto-lifted")
    assert (await get(client, "/vetoes", open="true"))["items"] == []
    await post(client, path, status=200)


@pytest.mark.parametrize(
    "change",
    [
        {"ground": "too-many-births"},
        {"ground": "last-place"},
        {"reason": "王某 13900000001 举报"},
        {"reason": "420325 19900101 122X"},
    ],
)
async def test_there_is_no_other_ground_and_no_identity_in_a_reason(
    client: httpx.AsyncClient, change: dict[str, str]
) -> None:
    body = {"area": HOME, "period": "2026", "ground": "falsified-data", "reason": "抽查不符"}
    await post(client, "/vetoes", body | change, 422)
