"""One list of places: who keeps it, what is found on it, and what became of three older lists."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from alembic import command

from deploy.box.databases import alembic_config
from services.migrant.places.rules import may_keep
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer, make_actor
from tests.conftest import Cluster
from tests.migrant.appointment_samples import make_place, make_window, open_place
from tests.migrant.conftest import bearer
from tests.migrant.places import PLACES, admin, make_office, place
from tests.migrant.samples import VILLAGE
from tests.migrant.test_supplies_routes import make_point, open_point

OLD = "yipan_migrant_old"


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def found(client: httpx.AsyncClient, **params: str) -> list[str]:
    answer = await client.get(PLACES, params=params)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


def test_an_administrator_keeps_any_place_and_a_clerk_that_of_her_office() -> None:
    clerk = make_actor(org="hall", scopes=frozenset({"migrant:write"}))
    boss = make_actor(org="bureau", scopes=frozenset({"migrant:admin"}))
    assert [may_keep(clerk, org) for org in ("hall", None, "legal-aid")] == [True, True, False]
    assert may_keep(boss, "legal-aid")


async def test_one_list_says_what_is_done_where(client: httpx.AsyncClient, issuer: Issuer) -> None:
    office = (await place(client, issuer))["id"]
    hall = await open_place(client)
    rack = await open_point(client)
    assert await found(client) == [office, hall, rack]
    assert await found(client, offer="referrals") == [office]
    assert await found(client, offer="appointments") == [hall]
    assert await found(client, offer="supplies") == [rack]
    assert await found(client, department="justice") == [office]
    whole = make_place(
        supplies="desk", department="health", longitude=109.72, latitude=32.31, note="二楼左手"
    )
    made = await client.post(PLACES, json=whole)
    assert made.status_code == 201, made.text
    for offer in ("referrals", "appointments", "supplies"):
        assert made.json()["id"] in await found(client, offer=offer)
    assert (made.json()["longitude"], made.json()["note"]) == (109.72, "二楼左手")
    assert made.headers["location"] == f"{PLACES}/{made.json()['id']}"


async def test_a_clerk_neither_enters_nor_changes_a_place_of_another_office(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    theirs = await client.post(PLACES, json=make_place(org="another-office"))
    assert problem(theirs) == (403, "not-your-place")
    office = await place(client, issuer)
    match = {"If-Match": '"1"'}
    path = f"{PLACES}/{office['id']}"
    taken = make_office(org="org-test")  # its referrals would come to the clerk
    assert problem(await client.put(path, json=taken, headers=match)) == (403, "not-your-place")
    closing = {"closed_on": str(today())}
    closed = await client.post(f"{path}/closure", json=closing, headers=match)
    assert problem(closed) == (403, "not-your-place")
    given = await open_place(client)
    away = make_place(org="another-office")
    refused = await client.put(f"{PLACES}/{given}", json=away, headers=match)
    assert problem(refused) == (403, "not-your-place")


async def test_nothing_is_done_at_a_place_that_does_not_offer_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    office, rack = await place(client, issuer), await open_point(client)
    day = {"day": str(today()), "service": "legal-aid"}
    assert (await client.get(f"{PLACES}/{rack}/slots", params=day)).json() == []
    stock = {
        "place_id": office["id"], "item": "leaflets", "kind": "received", "quantity": 1,
        "day": str(today()),
    }  # fmt: skip
    moved = await client.post("/migrant/v1/supply-movements", json=stock)
    assert problem(moved) == (409, "no-supplies-there")


async def test_a_closed_place_keeps_no_times(client: httpx.AsyncClient) -> None:
    hall = await open_place(client, windows=[make_window(opens="00:00", closes="23:59")])
    asked = {"day": str(today()), "service": "legal-aid"}
    closing = {"closed_on": str(today())}
    closed = await client.post(
        f"{PLACES}/{hall}/closure", json=closing, headers={"If-Match": '"1"'}
    )
    assert closed.status_code == 200, closed.text
    assert (await client.get(f"{PLACES}/{hall}/slots", params=asked)).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {"longitude": 109.7},
        {"longitude": 10.0, "latitude": 32.0},
        {"supplies": "rack", "machine": "machine-9"},
        {"org": None},
        {"name_en": "x" * 41},
        {"name_zh": "【一盘】"},
        {"booking": {"windows": [], "hold_minutes": 5}},
        {"supplies": "for-the-deserving"},
    ],
)
async def test_what_does_not_fit_together(
    client: httpx.AsyncClient, change: dict[str, Any]
) -> None:
    assert (await client.post(PLACES, json=make_place(**change))).status_code == 422


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stranger = bearer(issuer, scope="migrant:read migrant:write", region="310101")
    assert (await client.get(PLACES, headers=stranger)).status_code == 403
    posted = await client.post(PLACES, json=make_point(), headers=stranger)
    assert posted.status_code == 403
    employer = bearer(issuer, scope="migrant:employ")
    assert (await client.get(PLACES, headers=employer)).status_code == 403
    assert (await client.post(PLACES, json=make_point(), headers=employer)).status_code == 403
    herself = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(PLACES, headers=herself)).status_code == 200
    assert (await client.get(PLACES, headers=admin(issuer))).status_code == 200


# what became of three older lists


@pytest.fixture
async def old(cluster: Cluster) -> AsyncIterator[str]:
    """The owner's DSN of a database as it was before there was one list."""
    await cluster.postgres.create_database(OLD, "yipan_migrant_owner")
    dsn = cluster.owner("migrant").replace("/yipan_migrant?", f"/{OLD}?")
    assert OLD in dsn
    await asyncio.to_thread(command.upgrade, alembic_config("migrant", dsn), "0016")
    yield dsn


async def enter(connection: asyncpg.Connection, table: str, **values: Any) -> UUID:
    row = {"id": new_id()} | values
    held = {
        name: json.dumps(value) if isinstance(value, dict | list) and name != "features" else value
        for name, value in row.items()
    }
    places = ", ".join(f"${n}" for n in range(1, len(held) + 1))
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(held)}) VALUES ({places})",
        *held.values(),
    )
    return UUID(str(row["id"]))


async def test_rows_of_three_lists_become_one(old: str) -> None:
    connection = await asyncpg.connect(old)
    now = await connection.fetchval("SELECT now()")
    point = {
        "area": "420325", "kind": "service-hall", "department": "justice", "org": "hall",
        "name_zh": "县便民服务中心", "name_en": "Centre", "address": "人民路1号", "hours": [],
        "features": ["step-free"], "version": 3, "updated_at": now, "updated_by": "admin",
    }  # fmt: skip
    keeping = {
        "area": "420325", "office": "hall", "name_zh": "县便民服务中心", "name_en": "Centre",
        "address": "人民路1号", "days_ahead": 30, "windows": [make_window()], "exceptions": [],
        "version": 2, "changed_at": now, "changed_by": "clerk",
    }  # fmt: skip
    giving = {
        "region": VILLAGE, "kind": "rack", "place": "村委会", "hours": "全天",
        "opened_on": today(), "recorded_by": "clerk",
    }  # fmt: skip
    centre = await enter(connection, "service_points", **point)
    same = await enter(connection, "appointment_places", **keeping)
    other = await enter(connection, "appointment_places", **keeping | {"office": "school"})
    rack = await enter(connection, "supply_points", **giving)
    desk = await enter(
        connection, "supply_points",
        **giving | {"region": "420325", "kind": "desk", "place": "县便民服务中心"},
    )  # fmt: skip
    booked = {
        "person_id": new_id(), "region": "420325", "office": "hall", "service": "legal-aid",
        "at": now, "ends_at": now, "status": "booked", "recorded_at": now, "recorded_by": "x",
        "booked_from": "420325", "revision": 1, "place_id": same,
    }  # fmt: skip
    await enter(connection, "appointments", **booked)
    for where in (rack, desk):
        await connection.execute("INSERT INTO supply_stock VALUES ($1, 'leaflets', 7, 2)", where)
    dead = {
        "name": "x", "id_number_sealed": b"x", "id_number_index": b"x", "region": VILLAGE,
        "origin_region": VILLAGE, "created_at": now, "updated_at": now, "died_on": today(),
    }  # fmt: skip
    person = new_id()
    names = ", ".join(["person_id", *dead])
    await connection.execute(
        f"INSERT INTO people ({names}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        person, *dead.values(),
    )  # fmt: skip

    await asyncio.to_thread(command.upgrade, alembic_config("migrant", old), "0017")

    rows = {each["id"]: each for each in await connection.fetch("SELECT * FROM places")}
    assert set(rows) == {centre, other, rack}
    joined = rows[centre]
    assert (joined["department"], joined["supplies"], joined["note"]) == ("justice", "desk", "全天")
    booking = json.loads(joined["booking"])
    assert (booking["days_ahead"], booking["windows"]) == (30, [make_window()])
    assert (rows[other]["org"], rows[other]["kind"]) == ("school", "service-hall")
    assert (rows[rack]["area"], rows[rack]["supplies"], rows[rack]["note"]) == (
        VILLAGE,
        "rack",
        "全天",
    )
    assert await connection.fetchval("SELECT place_id FROM appointments") == centre
    stock = await connection.fetch("SELECT place_id FROM supply_stock ORDER BY place_id")
    assert {each["place_id"] for each in stock} == {centre, rack}
    assert await connection.fetchval("SELECT recorded_death($1)", person) == today()
    await connection.close()
