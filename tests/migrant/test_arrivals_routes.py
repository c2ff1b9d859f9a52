"""Arrivals over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, id_number, make_arrival

ARRIVALS = "/migrant/v1/arrivals"
DEPARTURES = "/migrant/v1/departures"


async def arrive(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(ARRIVALS, json=make_arrival(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_one_form_and_no_certificate(client: httpx.AsyncClient) -> None:
    stay = await arrive(client)
    read = await client.get(f"{ARRIVALS}/{stay['id']}")
    assert read.json() == stay
    assert stay["until"] is None


async def test_the_same_key_replays(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "a-1"}
    first = await client.post(ARRIVALS, json=make_arrival(), headers=key)
    again = await client.post(ARRIVALS, json=make_arrival(), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_what_stands_in_the_way(client: httpx.AsyncClient) -> None:
    await arrive(client)
    for change, problem in [
        ({}, "already-arrived"),
        ({"arrived_on": "2026-01-01"}, "overlaps-stay"),
        ({"name": "刘晓梅", "arrived_on": "2026-05-01"}, "name-differs"),
    ]:
        answer = await client.post(ARRIVALS, json=make_arrival(**change))
        assert answer.status_code == 409
        assert answer.json()["type"].endswith(f"/{problem}")
        assert id_number() not in answer.text and "刘" not in answer.text
    changed = make_arrival(name="刘晓梅", arrived_on="2026-05-01", name_changed=True)
    assert (await client.post(ARRIVALS, json=changed)).status_code == 201


async def test_a_township_clerk_takes_in_someone_from_the_next_township(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    scope = "migrant:read migrant:write"
    there = bearer(issuer, scope=scope, region="420325101", sub="clerk-2")
    here = bearer(issuer, scope=scope, region="420325100", sub="clerk-3")
    person = f"/migrant/v1/people/{stay['person_id']}"
    assert (await client.get(person, headers=there)).status_code == 404
    moved = await client.post(
        ARRIVALS, json=make_arrival(region=OTHER_VILLAGE, arrived_on="2026-05-01"), headers=there
    )
    assert moved.status_code == 201, moved.text
    assert moved.json()["person_id"] == stay["person_id"]
    assert (await client.get(person, headers=there)).status_code == 200
    assert (await client.get(person, headers=here)).status_code == 404
    old = await client.get(f"{ARRIVALS}/{stay['id']}", headers=here)
    assert old.json()["ended_by"] == "move"


async def test_at_many_desks_at_once_she_is_counted_once(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    answers = await asyncio.gather(
        *(client.post(ARRIVALS, json=make_arrival()) for _ in range(4)),
        *(client.post(ARRIVALS, json=make_arrival(region=OTHER_VILLAGE)) for _ in range(4)),
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("BEGIN; SET LOCAL yipan.region = '420325'")
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM people) AS people,"
            " (SELECT count(*) FROM arrivals WHERE until IS NULL) AS stays"
        )
        await connection.execute("ROLLBACK")
    assert row is not None and (row["people"], row["stays"]) == (1, 1)


async def test_a_clerk_cannot_register_elsewhere(client: httpx.AsyncClient, issuer: Issuer) -> None:
    there = bearer(issuer, scope="migrant:write", region="420381")
    answer = await client.post(ARRIVALS, json=make_arrival(), headers=there)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/outside-jurisdiction")


async def test_departure(client: httpx.AsyncClient) -> None:
    stay = await arrive(client)
    leave = {"person_id": stay["person_id"], "departed_on": "2026-02-01"}
    early = await client.post(DEPARTURES, json=leave)
    assert early.json()["type"].endswith("/departure-before-arrival")
    assert early.status_code == 409
    left = await client.post(DEPARTURES, json=leave | {"departed_on": "2026-04-01"})
    assert left.status_code == 201
    assert left.json()["arrival_id"] == stay["id"]
    twice = await client.post(DEPARTURES, json=leave | {"departed_on": "2026-04-01"})
    assert twice.json()["type"].endswith("/not-here")
    unknown = await client.post(DEPARTURES, json=leave | {"person_id": str(new_id())})
    assert unknown.status_code == 404


async def test_pages_by_region(client: httpx.AsyncClient) -> None:
    stays = [await arrive(client, id_number=id_number(f"5001011992030421{n}")) for n in (1, 2, 3)]
    await arrive(client, id_number=id_number("50010119920304214"), region=OTHER_VILLAGE)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"region": VILLAGE[:9], "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(ARRIVALS, params=params)).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [stay["id"] for stay in reversed(stays)]
    bad = await client.get(ARRIVALS, params={"cursor": "bm9wZQ"})
    assert bad.status_code == 400
    outside = await client.get(ARRIVALS, params={"region": "420381"})
    assert outside.status_code == 403


async def test_what_is_held_about_her(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stay = await arrive(client)
    path = f"/migrant/v1/people/{stay['person_id']}"
    full = (await client.get(path)).json()
    assert full["id_number"] == id_number()
    assert full["residence_permit"]["half_year_on"] == "2026-09-02"
    masked = (await client.get(path, headers={"Purpose": "inquiry"})).json()
    assert "*" in masked["id_number"] and "*" in masked["phone"]
    own = bearer(issuer, scope="self", sub=stay["person_id"]) | {"Purpose": "subject-access"}
    assert (await client.get(path, headers=own)).json()["name"] == "刘小梅"
    other = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(path, headers=other)).status_code == 404


async def test_every_look_is_seen(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stay = await arrive(client)
    await client.get(f"/migrant/v1/people/{stay['person_id']}", headers={"Purpose": "service"})
    answer = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": stay["person_id"]},
        headers=bearer(issuer, scope="self", sub=stay["person_id"]) | {"X-Road-UserId": "self"},
    )
    assert [use["action"] for use in answer.json()["usages"]] == [
        "Delivering a service: person",
        "Keeping the register: arrival",
    ]


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(ARRIVALS, json=make_arrival(), headers=reader)).status_code == 403
    del client.headers["Purpose"]
    answer = await client.post(ARRIVALS, json=make_arrival())
    assert answer.json()["type"].endswith("/purpose-required")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id_number": "500101199203042121"}, "body.id_number"),
        ({"region": "420325"}, "body.region"),
        ({"origin_region": "50"}, "body.origin_region"),
        ({"arrived_on": "2099-01-01"}, "body.arrived_on"),
        ({"stay_purpose": "marriage-check"}, "body.stay_purpose"),
        ({"certificate": "x"}, "body.certificate"),
    ],
)
async def test_bad_fields_are_named(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await client.post(ARRIVALS, json=make_arrival(**change))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
