"""A record whose keeping passed to another county is not changed here, and the answer says whom to
turn to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.registry.errors import RecordKeptElsewhere
from services.registry.persons.handlers import correct_person
from services.registry.persons.keeping import require_kept_here
from services.registry.persons.merging import merge_persons
from services.registry.persons.schemas import CorrectPerson
from shared.events.exchange import RecordKeepingResumed, RecordKeepingStopped
from shared.ids import new_id
from shared.testing import Issuer, client_of, make_actor
from tests.conftest import parts_of
from tests.registry.places import HOME
from tests.registry.samples import make_person
from tests.registry.test_persons_consumer import app as app
from tests.registry.test_persons_consumer import arrived, dead_letters, hear, rows, said

PERSONS = "/registry/v1/persons"


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(scope="registry:read registry:write")
    headers = {"Purpose": "registration", "Accept-Language": "en"}
    async with client_of(app, token, headers) as client:
        yield client


def stopped(person: UUID, turn: int = 1) -> RecordKeepingStopped:
    return RecordKeepingStopped(
        person_id=person,
        handover_id=new_id(),
        keeper="county-420381",
        keeper_name="丹江口市",
        turn=turn,
    )


def resumed(person: UUID, turn: int = 2) -> RecordKeepingResumed:
    return RecordKeepingResumed(person_id=person, handover_id=new_id(), turn=turn)


async def registered(client: httpx.AsyncClient, **overrides: Any) -> UUID:
    answer = await client.post(PERSONS, json=make_person(**overrides))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def corrected(client: httpx.AsyncClient, person: UUID, name: str) -> httpx.Response:
    read = await client.get(f"{PERSONS}/{person}")
    change = {"name": name, "reason": "户口簿为准"}
    headers = {"If-Match": read.headers["etag"]}
    return await client.patch(f"{PERSONS}/{person}", json=change, headers=headers)


async def test_changes_are_refused_and_the_county_is_named(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    person = await registered(client)
    await hear(app, stopped(person))
    assert await said(app, "record-writing-stopped") == 1
    refused = await corrected(client, person, "王小芳")
    assert refused.status_code == 409
    told = refused.json()
    assert told["type"].endswith("/record-kept-elsewhere")
    assert (told["keeper"], told["county"]) == ("county-420381", "丹江口市")
    works = {"region": HOME, "since": "2024-01-01", "employer_code": "91350100M000100Y43"}
    answer = await client.post(f"{PERSONS}/{person}/workplaces", json=works)
    assert answer.json()["type"].endswith("/record-kept-elsewhere")
    purpose = {"Purpose": "subject-access"}
    copy = await client.get(f"{PERSONS}/{person}/export", headers=purpose)
    assert copy.json()["kept_by"] == "丹江口市"
    # she is still found, and may still say that something is wrong
    assert (await client.get(f"{PERSONS}/{person}")).status_code == 200
    asked = {
        "person_id": str(person),
        "field": "name",
        "should_be": "王芬",
        "reason": "户口簿上是芬",
    }
    wish = await client.post("/registry/v1/correction-requests", json=asked)
    assert wish.status_code == 201, wish.text
    decision = {"granted": True, "reason": "与户口簿一致"}
    path = f"/registry/v1/correction-requests/{wish.json()['id']}/decision"
    assert (await client.post(path, json=decision)).status_code == 409
    await hear(app, resumed(person))
    assert (await corrected(client, person, "王小芳")).status_code == 200


async def test_word_that_comes_late_is_passed_over(app: FastAPI, client: httpx.AsyncClient) -> None:
    person = await registered(client)
    await hear(app, resumed(person, turn=2))
    await hear(app, stopped(person, turn=1))
    assert await said(app, "record-writing-stopped") == 0
    assert (await corrected(client, person, "王小芳")).status_code == 200
    await hear(app, stopped(person, turn=3))
    assert (await corrected(client, person, "王芬")).status_code == 409


async def test_a_record_that_is_not_here_is_said_not_to_be(app: FastAPI) -> None:
    await hear(app, stopped(new_id()))
    assert await said(app, "record-not-found") == 1
    assert await said(app, "record-writing-stopped") == 0
    await hear(app, resumed(new_id()))


async def test_what_our_desks_tell_changes_nothing_in_it(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    event = arrived(arrived_on=date(2025, 3, 1))
    await hear(app, event)
    person = event.person_id
    await hear(app, stopped(person))
    before = (await client.get(f"{PERSONS}/{person}")).json()
    await hear(app, arrived(person_id=person, arrived_on=date(2025, 9, 1), region=HOME[:9]))
    assert (await client.get(f"{PERSONS}/{person}")).json() == before
    assert await dead_letters(app) == []
    assert len(await rows(app, "SELECT 1 FROM residences WHERE person_id = $1", person)) == 1


async def test_it_is_merged_with_no_other(app: FastAPI, client: httpx.AsyncClient) -> None:
    kept, other = await registered(client), await registered(client, id_number=None, phone=None)
    await hear(app, stopped(other))
    parts = parts_of(app)
    with pytest.raises(RecordKeptElsewhere):
        async with parts.database.transaction(parts.actor) as tx:
            await merge_persons(kept, other, tx)


async def test_whoever_is_at_the_record_is_waited_for(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    """The answer leaves after the change that was under way, and the next change is refused."""
    person = await registered(client)
    database, actor = parts_of(app).database, make_actor()
    order: list[str] = []

    async def stop() -> None:
        await hear(app, stopped(person))
        order.append("stopped")

    async with database.transaction(actor) as tx:
        await correct_person(CorrectPerson(name="王小芳", reason="户口簿为准"), person, 1, tx)
        waiting = asyncio.create_task(stop())
        await asyncio.sleep(0.3)
        assert await said(app, "record-writing-stopped") == 0
        order.append("changed")
    await waiting
    assert order == ["changed", "stopped"]
    async with database.transaction(actor) as tx:
        with pytest.raises(RecordKeptElsewhere):
            await require_kept_here(person, tx)


async def test_another_county_cannot_see_or_change_who_keeps_it(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    person = await registered(client)
    await hear(app, stopped(person))
    stranger = make_actor(region="310101")
    async with parts_of(app).database.transaction(stranger) as tx:
        assert await tx.fetch("SELECT 1 FROM record_keepers") == []
        changed = await tx.execute("UPDATE record_keepers SET keeper = NULL")
        assert changed == "UPDATE 0"
