"""Employment filings: an employer gets receipts, and learns nothing else."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.codes import credit_code_check_digit
from shared.events.migrant import MigrantArrived
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import HOME, VILLAGE, fresh_id_number, id_number, make_arrival

EMPLOYMENTS = "/migrant/v1/employments"
EMPLOYER = "91420325MA49ABCD1" + credit_code_check_digit("91420325MA49ABCD1")
OTHER = "91420325MA49ABCD2" + credit_code_check_digit("91420325MA49ABCD2")


def make_filing(**overrides: Any) -> dict[str, Any]:
    return {
        "employer_code": EMPLOYER,
        "worker": {"name": "刘小梅", "id_number": id_number()},
        "region": VILLAGE,
        "started_on": "2026-03-10",
        "job": "缝纫工",
    } | overrides


@pytest.fixture
def employer(issuer: Issuer) -> dict[str, str]:
    token = bearer(issuer, scope="migrant:employ", org=EMPLOYER, sub="employer-1")
    return token | {"Purpose": "employment"}


async def arrive(client: httpx.AsyncClient, **overrides: Any) -> str:
    answer = await client.post("/migrant/v1/arrivals", json=make_arrival(**overrides))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])


async def linked(app: FastAPI) -> list[str]:
    """The persons that employment-filed events were told of."""
    async with parts_of(app).database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT payload::jsonb #>> '{data,person_id}' AS person FROM outbox"
            " WHERE payload::jsonb ->> 'type' = 'yipan.migrant.employment-filed.v1' ORDER BY id"
        )
    return [row["person"] for row in rows]


async def test_known_and_unknown_workers_get_the_same_receipt(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    person = await arrive(client)
    stranger = {"name": "张三", "id_number": id_number("50010119920304214")}
    receipts = []
    for worker in (make_filing()["worker"], stranger):
        answer = await client.post(EMPLOYMENTS, json=make_filing(worker=worker), headers=employer)
        assert answer.status_code == 201, answer.text
        receipts.append(answer.json())
        assert person not in answer.text and worker["name"] not in answer.text
    assert set(receipts[0]) == set(receipts[1])
    assert [each["status"] for each in receipts] == ["filed", "filed"]
    assert await linked(app) == [person]


async def test_another_name_on_the_number_is_not_linked(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    await arrive(client)
    worker = {"name": "李四", "id_number": id_number()}
    answer = await client.post(EMPLOYMENTS, json=make_filing(worker=worker), headers=employer)
    assert (answer.status_code, answer.json()["status"]) == (201, "filed")
    assert await linked(app) == []


async def test_a_filing_waits_for_the_arrival(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str], issuer: Issuer
) -> None:
    number = fresh_id_number()
    filing = make_filing(worker={"name": "刘小梅", "id_number": number})
    assert (await client.post(EMPLOYMENTS, json=filing, headers=employer)).status_code == 201
    event = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        region=VILLAGE,
        origin_region=HOME,
        arrived_on="2026-03-12",
        stay_purpose="work",
        name="刘小梅",
        id_number=number,
    )
    message = event_message(event)
    for received in (message, message, event_message(event)):
        assert await parts_of(app).loop.deliver(received)
    assert await linked(app) == [str(event.person_id)]
    usages = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": str(event.person_id)},
        headers=bearer(issuer, scope="usage:read") | {"X-Road-UserId": "auditor"},
    )
    assert usages.json()["totalUsages"] == 1


async def test_nothing_of_the_worker_is_kept_in_clear(
    client: httpx.AsyncClient, app: FastAPI, employer: dict[str, str]
) -> None:
    await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("BEGIN; SET LOCAL yipan.region = '420325'")
        row = await connection.fetchval("SELECT e::text FROM employments AS e")
        await connection.execute("ROLLBACK")
    assert id_number() not in row and "刘小梅" not in row


async def test_only_its_own(
    client: httpx.AsyncClient, employer: dict[str, str], issuer: Issuer
) -> None:
    filed = (await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)).json()
    path = f"{EMPLOYMENTS}/{filed['id']}"
    assert (await client.get(path, headers=employer)).json() == filed
    rival = bearer(issuer, scope="migrant:employ", org=OTHER, sub="employer-2")
    assert (await client.get(path, headers=rival)).status_code == 404
    for_other = await client.post(
        EMPLOYMENTS, json=make_filing(), headers=rival | {"Purpose": "employment"}
    )
    assert for_other.status_code == 403
    assert for_other.json()["type"].endswith("/not-your-filing")
    person = await client.get(f"/migrant/v1/people/{new_id()}", headers=employer)
    assert person.status_code == 403


async def test_what_is_refused(
    client: httpx.AsyncClient, employer: dict[str, str], issuer: Issuer
) -> None:
    await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)
    twice = await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)
    assert (twice.status_code, twice.json()["type"].rpartition("/")[2]) == (409, "already-filed")
    away = await client.post(EMPLOYMENTS, json=make_filing(region="420381100"), headers=employer)
    assert away.json()["type"].endswith("/outside-jurisdiction")
    bad = await client.post(
        EMPLOYMENTS, json=make_filing(employer_code=EMPLOYER[:-1] + "I"), headers=employer
    )
    assert bad.status_code == 422
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(EMPLOYMENTS, json=make_filing(), headers=reader)).status_code == 403
    del employer["Purpose"], client.headers["Purpose"]
    none = await client.post(EMPLOYMENTS, json=make_filing(), headers=employer)
    assert none.json()["type"].endswith("/purpose-required")
