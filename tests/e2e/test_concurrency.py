"""Many callers at once: one of them does it, the others are told so, and nobody gets a 5xx."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.regions.handlers import load_regions
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory
from tests.registry.places import PLACES, number

PERSONS = "/registry/v1/persons"


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        async with app.state.database.acquire() as connection:
            await load_regions(connection, [(code, name) for code, name in PLACES])
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(scope="registry:read registry:write")
    async with client_of(app, token, {"Purpose": "registration"}) as client:
        yield client


def make_person(**overrides: Any) -> dict[str, Any]:
    return {
        "name": "王芳",
        "sex": "2",
        "birth_date": "1990-01-01",
        "hukou_region": "420325100001",
    } | overrides


async def count(app: FastAPI, table: str) -> int:
    database = app.state.database
    async with database.transaction(app.state.service_actor) as tx:
        return int(await tx.fetch_value(f"SELECT count(*) FROM {table}"))


async def test_one_key_twenty_times_is_one_row_and_one_answer(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    answers = await asyncio.gather(
        *(
            client.post(PERSONS, json=make_person(), headers={"Idempotency-Key": "same"})
            for _ in range(20)
        )
    )
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert len({each.headers["etag"] for each in answers}) == 1
    assert sum("idempotency-replayed" in each.headers for each in answers) == 19
    assert await count(app, "persons") == 1
    assert await count(app, "outbox") == 1


async def test_one_key_for_other_bodies_is_one_row(app: FastAPI, client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(
            client.post(PERSONS, json=make_person(name=name), headers={"Idempotency-Key": "same"})
            for name in ("王芳", "李娜", "张伟", "刘洋", "陈静")
        )
    )
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 4}
    assert await count(app, "persons") == 1


async def test_a_refused_request_leaves_its_key_free(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    headers = {"Idempotency-Key": "same"}
    for bad in (make_person(name=""), make_person(hukou_region="310101")):
        assert (await client.post(PERSONS, json=bad, headers=headers)).status_code in (403, 422)
    assert (await client.post(PERSONS, json=make_person(), headers=headers)).status_code == 201


async def test_a_key_is_for_one_query_as_well(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "same"}
    assert (await client.post(PERSONS, json=make_person(), headers=headers)).status_code == 201
    again = await client.post(f"{PERSONS}?other=1", json=make_person(), headers=headers)
    assert again.status_code == 409


async def test_of_two_corrections_from_one_version_one_holds(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    made = await client.post(PERSONS, json=make_person())
    path, version = f"{PERSONS}/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    answers = await asyncio.gather(
        *(
            client.patch(path, json={"reason": "听错了", "name": name}, headers=version)
            for name in ("王芬", "王方")
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 412]
    (won,) = (each.json() for each in answers if each.status_code == 200)
    assert (await client.get(path)).json()["name"] == won["name"]
    assert await count(app, "person_versions") == 1


async def test_of_two_registrations_of_one_number_one_holds(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    for order in range(10):
        body = make_person(id_number=number("19900101", 112 + 2 * order))
        answers = await asyncio.gather(
            client.post(PERSONS, json=body), client.post(PERSONS, json=body)
        )
        assert sorted(each.status_code for each in answers) == [201, 409]
    assert await count(app, "persons") == 10


async def test_a_correction_that_changes_nothing_is_a_look_all_the_same(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    made = await client.post(PERSONS, json=make_person())
    before = await count(app, "usage_entries")
    path, version = f"{PERSONS}/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    answer = await client.patch(path, json={"reason": "核对"}, headers=version)
    assert answer.status_code == 200
    assert await count(app, "usage_entries") == before + 1
