"""Requests for help: deadlines, routing, settling."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.help.rules import (
    DEPARTMENT,
    HelpCategory,
    accept_by,
    due_on,
    extended,
    in_time,
)
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import VILLAGE

HELP = "/migrant/v1/help-requests"
START = date(2026, 1, 1)


def make_request(**overrides: Any) -> dict[str, Any]:
    return {
        "region": VILLAGE,
        "category": "wages",
        "text": "三个月工资没有发。",
        "phone": "13900000002",
    } | overrides


async def ask(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(HELP, json=make_request(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_deadlines() -> None:
    assert accept_by(START) == date(2026, 1, 16)
    assert due_on(START) == date(2026, 3, 2)
    assert extended(due_on(START)) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("settled", "accepted", "expected"),
    [(61, 10, False), (60, 10, True), (60, 16, False), (15, None, True), (16, None, False)],
)
def test_in_time(settled: int, accepted: int | None, expected: bool) -> None:
    assert (
        in_time(
            START + timedelta(days=settled),
            START + timedelta(days=60),
            accepted_on=None if accepted is None else START + timedelta(days=accepted),
            accept_limit=accept_by(START),
        )
        is expected
    )


def test_every_category_has_a_department() -> None:
    assert set(DEPARTMENT) == set(HelpCategory)


async def test_from_asking_to_settling(client: httpx.AsyncClient, app: FastAPI) -> None:
    asked = await ask(client)
    assert asked["department"] == "human-resources"
    assert asked["accept_by"] == str(today() + timedelta(days=15))
    assert asked["due_on"] == str(today() + timedelta(days=60))
    path = f"{HELP}/{asked['id']}"
    accepted = (await client.post(f"{path}/acceptance")).json()
    assert accepted["accepted_on"] == str(today())
    again = await client.post(f"{path}/acceptance")
    assert again.json()["type"].endswith("/already-accepted")
    longer = await client.post(f"{path}/extension", json={"reason": "等待劳动仲裁"})
    assert longer.json()["due_on"] == str(today() + timedelta(days=90))
    twice = await client.post(f"{path}/extension", json={"reason": "再等"})
    assert twice.json()["type"].endswith("/already-extended")
    done = await client.post(
        f"{path}/settlement", json={"answer": "工资已付清。", "satisfied": True}
    )
    assert (done.json()["in_time"], done.json()["answer"]) == (True, "工资已付清。")
    over = await client.post(f"{path}/settlement", json={"answer": "又一次"})
    assert over.json()["type"].endswith("/already-settled")
    assert (await client.get(path)).json() == done.json()
    async with parts_of(app).database.acquire() as connection:
        payloads = [row["payload"] for row in await connection.fetch("SELECT payload FROM outbox")]
    assert len(payloads) == 2
    assert not any("工资" in each or "13900000002" in each for each in payloads)


async def test_overdue_is_said_honestly(client: httpx.AsyncClient, app: FastAPI) -> None:
    asked = await ask(client)
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("BEGIN; SET LOCAL yipan.region = '420325'")
        await connection.execute(
            "UPDATE help_requests SET due_on = due_on - 61, accept_by = accept_by - 61"
        )
        await connection.execute("COMMIT")
    done = await client.post(f"{HELP}/{asked['id']}/settlement", json={"answer": "已办。"})
    assert done.json()["in_time"] is False


async def test_a_person_asks_for_herself(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    own = bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}
    mine = await client.post(HELP, json=make_request(person_id=str(person)), headers=own)
    assert mine.status_code == 201, mine.text
    path = f"{HELP}/{mine.json()['id']}"
    assert (await client.get(path, headers=own)).status_code == 200
    for_other = await client.post(HELP, json=make_request(person_id=str(new_id())), headers=own)
    assert for_other.status_code == 404
    settle = await client.post(f"{path}/settlement", json={"answer": "x"}, headers=own)
    assert settle.status_code == 403
    unnamed = await ask(client)
    assert (await client.get(f"{HELP}/{unnamed['id']}", headers=own)).status_code == 404


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    asked = await ask(client)
    away = bearer(issuer, scope="migrant:write migrant:read", region="420381")
    assert (await client.get(f"{HELP}/{asked['id']}", headers=away)).status_code == 404
    assert (await client.post(HELP, json=make_request(), headers=away)).status_code == 403
    assert (await client.post(HELP, json=make_request(category="birth-quota"))).status_code == 422
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(HELP, json=make_request(), headers=reader)).status_code == 403
    del client.headers["Purpose"]
    assert (await client.post(HELP, json=make_request())).status_code == 400
