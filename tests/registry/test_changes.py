"""The feed of changes: complete, in an order that never grows behind the reader, no identities."""

import asyncio
from typing import Any

import httpx

from services.registry.changes.queries import list_changes
from services.registry.persons.handlers import register_person
from services.registry.persons.schemas import RegisterPerson
from shared.db import Database
from shared.testing import Issuer, make_actor
from shared.usage import Purpose
from tests.registry.samples import id_number, make_person

PATH = "/registry/v1/changes"


def person(order: int, **changes: Any) -> dict[str, Any]:
    return make_person(id_number=id_number(f"420325199001012{order}2"), phone=None) | changes


async def page_of(client: httpx.AsyncClient, since: str = "", least: int = 0) -> dict[str, Any]:
    """A page, once it has so many: a change waits for whoever began before it, autovacuum too."""
    for _ in range(200):
        page = (await client.get(f"{PATH}?since={since}" if since else PATH)).json()
        if len(page["items"]) >= least:
            return dict(page)
        await asyncio.sleep(0.05)
    raise AssertionError(f"no {least} changes came")


def kinds(page: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in page["items"]]


async def test_every_write_is_a_change(client: httpx.AsyncClient) -> None:
    made = (await client.post("/registry/v1/persons", json=person(1))).json()
    path = f"/registry/v1/persons/{made['id']}"
    first = await page_of(client, least=1)
    assert kinds(first) == ["registered"]
    again = await page_of(client, first["next"])
    assert (again["items"], again["next"]) == ([], first["next"])
    change = {"name": "王小芳", "reason": "户口簿为准"}
    await client.patch(path, json=change, headers={"If-Match": '"1"'})
    away = {"region": "330106", "kind": "usual", "since": "2026-01-01"}
    moving = {"residence": away, "reason": "迁居"}
    await client.patch(path, json=moving, headers={"If-Match": '"2"'})
    page = await page_of(client, first["next"], least=2)
    assert kinds(page) == ["corrected", "moved"]
    assert [each["version"] for each in page["items"]] == [2, 3]
    assert set(page["items"][0]) == {"person_id", "version", "kind", "at"}


async def test_changes_come_in_pages(client: httpx.AsyncClient) -> None:
    ids = [
        (await client.post("/registry/v1/persons", json=person(n))).json()["id"] for n in range(5)
    ]
    await page_of(client, least=5)
    read, cursor, more = [], "", True
    while more:
        query = f"&since={cursor}" if cursor else ""
        page = (await client.get(f"{PATH}?limit=2{query}")).json()
        read += [each["person_id"] for each in page["items"]]
        cursor, more = page["next"], page["more"]
    assert read == ids
    assert (await client.get(f"{PATH}?since=WyJhIl0")).status_code == 400


async def test_a_slow_transaction_is_never_missed(database: Database) -> None:
    actor = make_actor()

    async def read(since: str | None) -> tuple[list[Any], str]:
        async with database.transaction(actor) as tx:
            page = await list_changes(since, 100, tx)
            return [each.person_id for each in page.items], page.next

    written, go = asyncio.Event(), asyncio.Event()

    async def slow() -> Any:
        async with database.transaction(actor, purpose=Purpose.REGISTRATION) as tx:
            view = await register_person(RegisterPerson(**person(1)), tx)
            written.set()
            await go.wait()
            return view.id

    first = asyncio.create_task(slow())
    await written.wait()
    async with database.transaction(actor, purpose=Purpose.REGISTRATION) as tx:
        quick = (await register_person(RegisterPerson(**person(2)), tx)).id
    early, cursor = await read(None)
    go.set()
    slow_id = await first
    late, _ = await read(cursor)
    assert early == []  # the quick one waits for the slow one that began before it
    assert late == [slow_id, quick]


async def test_each_jurisdiction_sees_its_own(client: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await client.post("/registry/v1/persons", json=person(1))
    other = {"region": "420325101001", "kind": "usual", "since": "2026-01-01"}
    change = {"residence": other, "hukou_region": "420325101001", "reason": "迁居"}
    path = f"/registry/v1/persons/{answer.json()['id']}"
    moved = await client.patch(path, json=change, headers={"If-Match": '"1"'})
    assert moved.status_code == 200, moved.text

    async def seen(region: str) -> list[str]:
        token = issuer.token(scope="registry:read", region=region)
        page = await client.get(PATH, headers={"Authorization": f"Bearer {token}"})
        return [each["kind"] for each in page.json()["items"]]

    assert await seen("420325100") == ["registered", "moved"]  # it learns that she left
    assert await seen("420325101") == ["moved"]
    assert await seen("420381") == []
