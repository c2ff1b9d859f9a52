"""Calls of the assessment's API, as the route tests make them."""

from typing import Any

import httpx
from fastapi import FastAPI

from services.assessment.facts.kinds import Kind
from shared.testing import Issuer
from tests.assessment.samples import (
    ALL_SCOPES,
    HOME,
    judge,
    make_fact,
    make_item,
    make_scheme,
    record,
)
from tests.conftest import parts_of

API = "/assessment/v1"
COLLEAGUE = "X-Colleague"  # where the client fixture keeps a second person's token


def colleague_of(issuer: Issuer) -> dict[str, str]:
    """A header of a client, for `in_force`."""
    return {COLLEAGUE: as_(issuer, sub="head-of-assessment")["Authorization"]}


def as_(issuer: Issuer, **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {issuer.token(**({'scope': ALL_SCOPES} | claims))}"}


async def given_answers(app: FastAPI, in_time: int, late: int, area: str = HOME) -> None:
    async with parts_of(app).database.transaction(judge) as tx:
        await record(
            tx,
            make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, area=area),
            make_fact(Kind.INQUIRY_ANSWER, "late", late, area=area),
        )


async def post(client: httpx.AsyncClient, path: str, body: Any = None, status: int = 201) -> Any:
    answer = await client.post(API + path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def get(client: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await client.get(API + path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def in_force(client: httpx.AsyncClient, body: Any) -> Any:
    """A scheme, drafted by the client and published by a colleague."""
    drafted = await post(client, "/schemes", body)
    answer = await client.post(
        f"{API}/schemes/{drafted['code']}/publication",
        json={"version": drafted["version"]},
        headers={"Authorization": client.headers[COLLEAGUE]},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def computed(client: httpx.AsyncClient, area: str = HOME) -> Any:
    if not (await get(client, "/schemes"))["items"]:
        await in_force(client, make_scheme(make_item("inquiry-answered-in-time")))
    body = {"scheme": "county-2026", "period": "2026-10", "area": area}
    return await post(client, "/scorecards", body)


async def published(client: httpx.AsyncClient, area: str = HOME) -> Any:
    card = await computed(client, area)
    return await post(client, f"/scorecards/{card['id']}/publication", status=200)
