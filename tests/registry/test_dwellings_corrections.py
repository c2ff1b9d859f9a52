"""Correcting and closing homes, estates, and who lived there before."""

from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.registry.dwellings.queries import require_room
from services.registry.errors import HomeClosed, RoomNotFound
from shared.testing import Issuer
from tests.conftest import TxFactory
from tests.registry.samples import id_number, make_person
from tests.registry.test_dwellings import DWELLING, PATH, register

ESTATE = {
    "region": "420325100001",
    "name": "兴电小区",
    "kind": "gated",
    "manager_org": "兴电物业",
    "manager_phone": "13900000055",
}


def stay(room: str, since: str) -> dict[str, Any]:
    return {"region": "420325100001", "kind": "usual", "since": since, "room_id": room}


async def living(client: httpx.AsyncClient, room: str, order: int = 0) -> str:
    """Somebody who lives in a room since May 2020."""
    number = id_number(f"420325199001012{order}2")
    body = make_person(id_number=number, phone=None, residence=stay(room, "2020-05-01"))
    answer = await client.post("/registry/v1/persons", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def post(client: httpx.AsyncClient, path: str, body: Any = None) -> dict[str, Any]:
    answer = await client.post(f"/registry/v1/{path}", json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def refused(client: httpx.AsyncClient, path: str, body: Any = None) -> str:
    answer = await client.post(f"/registry/v1/{path}", json=body)
    assert answer.status_code >= 400
    return str(answer.json()["type"].rpartition("/")[2])


# correcting


async def test_a_dwelling_is_corrected(
    client: httpx.AsyncClient,
) -> None:
    made = await register(client)
    path = f"{PATH}/{made['id']}"
    body = {"use": "owner", "plate_number": None, "key_area": "urban-rural-fringe"}
    assert (await client.patch(path, json=body)).status_code == 428
    done = await client.patch(path, json=body, headers={"If-Match": '"1"'})
    assert done.status_code == 200, done.text
    now = done.json()
    assert (now["use"], now["plate_number"], now["key_area"]) == (
        "owner",
        None,
        "urban-rural-fringe",
    )
    assert now["coordinates"] == DWELLING["coordinates"]  # left out: stays
    assert (done.headers["etag"], now["version"]) == ('"2"', 2)
    assert (await client.patch(path, json={}, headers={"If-Match": '"1"'})).status_code == 412
    other = await register(client, building="13")
    taken = await client.patch(
        f"{PATH}/{other['id']}", json={"building": "12"}, headers={"If-Match": '"1"'}
    )
    assert taken.json()["type"].endswith("/dwelling-exists")


async def test_what_the_register_said_before_stays_in_the_database(open_tx: TxFactory) -> None:
    from services.registry.dwellings.handlers import correct_dwelling, register_dwelling
    from services.registry.dwellings.schemas import CorrectDwelling, RegisterDwelling

    async with open_tx("registry") as tx:
        made = await register_dwelling(RegisterDwelling.model_validate(DWELLING), tx)
        await correct_dwelling(CorrectDwelling(use="shop"), made.id, 1, tx)
        kept = await tx.fetch(
            "SELECT fact ->> 'use' AS use FROM earlier_facts"
            " WHERE kind = 'dwellings' AND fact_id = $1",
            made.id,
        )
        assert [row["use"] for row in kept] == ["rental"]


async def test_rooms_have_units_floors_and_uses_of_their_own(client: httpx.AsyncClient) -> None:
    made = await register(client)
    more = {
        "rooms": [
            {"number": "101", "unit": "2", "floor": 1, "use": "shop", "capacity": 3},
            {"number": "201", "unit": "2", "floor": 2},
        ]
    }
    added = await client.post(f"{PATH}/{made['id']}/rooms", json=more)
    assert added.status_code == 201, added.text
    rooms = added.json()["rooms"]
    assert [(room["unit"], room["number"]) for room in rooms] == [
        ("", "101"),
        ("", "102"),
        ("2", "101"),
        ("2", "201"),
    ]
    assert await refused(client, f"dwellings/{made['id']}/rooms", more) == "room-exists"
    shop = f"/registry/v1/rooms/{rooms[2]['id']}"
    done = await client.patch(shop, json={"use": None, "floor": 2}, headers={"If-Match": '"1"'})
    assert (done.json()["use"], done.json()["floor"], done.json()["version"]) == (None, 2, 2)
    clash = await client.patch(shop, json={"number": "201"}, headers={"If-Match": '"2"'})
    assert clash.json()["type"].endswith("/room-exists")
    stale = await client.patch(shop, json={"floor": 1}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "dwellings/{id}", {"building": None}),
        ("patch", "dwellings/{id}", {"use": None}),
        ("patch", "dwellings/{id}", {"key_area": "key-persons"}),
        ("patch", "rooms/{room}", {"number": None}),
        ("patch", "rooms/{room}", {"floor": 500}),
        ("patch", "rooms/{room}", {"capacity": 0}),
        ("post", "dwellings/{id}/rooms", {"rooms": []}),
        ("post", "dwellings/{id}/rooms", {"rooms": [{"number": "9"}, {"number": "9"}]}),
        ("post", "dwellings/{id}/closure", {"on": "2999-01-01", "cause": "demolished"}),
        ("post", "dwellings/{id}/closure", {"on": "1879-12-31", "cause": "demolished"}),
        ("post", "dwellings/{id}/closure", {"on": "2024-01-01", "cause": "unsightly"}),
        ("post", "rooms/{room}/closure", {"on": 20240101}),
        ("post", "estates", ESTATE | {"kind": "walled"}),
        ("post", "estates", ESTATE | {"manager_phone": "110"}),
        ("post", "estates", ESTATE | {"region": "420325"}),
    ],
)
async def test_bad_bodies(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    made = await register(client)
    address = path.format(id=made["id"], room=made["rooms"][0]["id"])
    answer = await client.request(
        method, f"/registry/v1/{address}", json=body, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 422, answer.text


# estates


async def test_an_estate_has_a_manager_to_turn_to(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    estate = await post(client, "estates", ESTATE)
    assert await refused(client, "estates", ESTATE) == "estate-exists"
    made = await register(client, estate=None, estate_id=estate["id"])
    assert made["estate"] == "兴电小区"
    path = f"/registry/v1/estates/{estate['id']}"
    read = (await client.get(path)).json()
    assert (read["manager_phone"], read["dwellings"]) == ("13900000055", 1)
    masked = (await client.get(path, headers={"Purpose": "oversight"})).json()
    assert masked["manager_phone"] == "139******55"
    done = await client.patch(
        path, json={"name": "兴电花园", "manager_phone": None}, headers={"If-Match": '"1"'}
    )
    assert (done.json()["name"], done.json()["manager_phone"]) == ("兴电花园", None)
    renamed = (await client.get(f"{PATH}/{made['id']}")).json()
    assert (renamed["estate"], renamed["version"]) == ("兴电花园", 2)
    inside = (await client.get(f"{PATH}?estate_id={estate['id']}")).json()["items"]
    assert [each["id"] for each in inside] == [made["id"]]
    await post(client, "estates", ESTATE | {"region": "420325101001"})
    listed = (await client.get("/registry/v1/estates?region=420325100")).json()["items"]
    assert [each["name"] for each in listed] == ["兴电花园"]
    elsewhere = await client.post(
        PATH, json=DWELLING | {"region": "420325101001", "estate_id": estate["id"]}
    )
    assert elsewhere.status_code == 404
    foreign = {"Authorization": f"Bearer {issuer.token(scope='registry:read', region='420381')}"}
    assert (await client.get(path, headers=foreign)).status_code == 404


# closing


async def test_who_lives_in_a_closed_building_becomes_a_task(client: httpx.AsyncClient) -> None:
    made = await register(client)
    room = made["rooms"][0]["id"]
    person = await living(client, room)
    closed = await post(
        client, f"dwellings/{made['id']}/closure", {"on": "2024-01-01", "cause": "demolished"}
    )
    assert (closed["still_there"], closed["version"]) == (1, 2)
    tasks = (await client.get("/registry/v1/mismatches")).json()["items"]
    assert [(each["kind"], each["person_id"]) for each in tasks] == [("home-closed", person)]
    again = {"on": "2024-02-01", "cause": "demolished"}
    assert await refused(client, f"dwellings/{made['id']}/closure", again) == "home-closed"
    assert await refused(client, f"dwellings/{made['id']}/rooms", {"rooms": [{"number": "9"}]}) == (
        "home-closed"
    )
    number = id_number("42032519900101302")
    late = make_person(id_number=number, phone=None, residence=stay(room, "2024-03-01"))
    assert await refused(client, "persons", late) == "home-closed"
    before = late | {"residence": stay(room, "2023-03-01")}
    await post(client, "persons", before)
    await post(client, f"dwellings/{made['id']}/reopening")
    assert (await client.get(f"{PATH}/{made['id']}")).json()["closed_on"] is None
    assert await refused(client, f"dwellings/{made['id']}/reopening") == "home-open"


async def test_a_room_is_closed_alone(client: httpx.AsyncClient) -> None:
    made = await register(client)
    first, second = (room["id"] for room in made["rooms"])
    await living(client, first)
    closed = await post(client, f"rooms/{second}/closure", {"on": "2024-01-01"})
    assert closed["still_there"] == 0
    assert await refused(client, f"rooms/{second}/closure", {"on": "2024-01-01"}) == "home-closed"
    assert (await post(client, f"rooms/{second}/reopening"))["closed_on"] is None
    assert await refused(client, f"rooms/{second}/reopening") == "home-open"
    assert (await post(client, f"rooms/{first}/closure", {"on": "2024-01-01"}))["still_there"] == 1


async def test_require_room(open_tx: TxFactory) -> None:
    from services.registry.dwellings.closing import close_room
    from services.registry.dwellings.handlers import register_dwelling
    from services.registry.dwellings.schemas import CloseRoom, RegisterDwelling

    async with open_tx("registry") as tx:
        made = await register_dwelling(RegisterDwelling.model_validate(DWELLING), tx)
        room = made.rooms[0].id
        assert (await require_room(room, tx)).id == room
        with pytest.raises(RoomNotFound):
            await require_room(uuid4(), tx)
        await close_room(CloseRoom(on=date(2024, 1, 1)), room, tx)
        with pytest.raises(HomeClosed):
            await require_room(room, tx)
        with pytest.raises(HomeClosed):
            await require_room(room, tx, date(2024, 1, 1))
        assert (await require_room(room, tx, date(2023, 12, 31))).id == room


# who lives there, now and before


async def test_who_lives_where_now_and_at_any_earlier_date(client: httpx.AsyncClient) -> None:
    made = await register(client)
    first, second = (room["id"] for room in made["rooms"])
    person, other = await living(client, first, 0), await living(client, second, 1)
    moved = await client.patch(
        f"/registry/v1/persons/{person}",
        json={"reason": "搬家 moved", "residence": stay(second, "2023-01-01")},
        headers={"If-Match": '"1"'},
    )
    assert moved.status_code == 200, moved.text

    async def found(home: str, on: str = "") -> list[tuple[str, str]]:
        answer = await client.get(f"/registry/v1/{home}/residents{on and f'?on={on}'}")
        assert answer.status_code == 200, answer.text
        return [(each["person_id"], each["room"]) for each in answer.json()["items"]]

    assert await found(f"rooms/{first}") == []
    assert await found(f"rooms/{first}", "2022-12-31") == [(person, "101")]
    assert await found(f"rooms/{first}", "2023-01-01") == []
    assert await found(f"rooms/{first}", "2020-04-30") == []
    building = f"dwellings/{made['id']}"
    assert await found(building) == [(person, "102"), (other, "102")]
    assert await found(building, "2021-01-01") == [(person, "101"), (other, "102")]
    path = f"/registry/v1/{building}/residents"
    page = (await client.get(f"{path}?limit=1")).json()
    rest = (await client.get(f"{path}?limit=1&cursor={page['next']}")).json()
    assert [each["person_id"] for each in page["items"] + rest["items"]] == [person, other]
    assert rest["next"] is None
    assert (await client.get(f"{path}?on=2999-01-01")).status_code == 400
    assert (await client.get(f"/registry/v1/dwellings/{uuid4()}/residents")).status_code == 404
    del client.headers["Purpose"]
    assert (await client.get(path)).status_code == 400
