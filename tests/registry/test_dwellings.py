"""Dwellings and rooms over HTTP, and who lives in them."""

from typing import Any

import httpx
import pytest

from shared.testing import Issuer
from tests.registry.samples import id_number, make_person

PATH = "/registry/v1/dwellings"
DWELLING: dict[str, Any] = {
    "region": "420325100001",
    "building": "12",
    "estate": "东街小区",
    "plate_number": "东街 12 号",
    "use": "rental",
    "coordinates": {"longitude": 110.74, "latitude": 32.06},
    "rooms": [{"number": "101", "capacity": 2}, {"number": "102"}],
}


async def register(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json=DWELLING | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_dwelling_is_read_with_its_rooms(client: httpx.AsyncClient) -> None:
    dwelling = await register(client)
    answer = await client.get(f"{PATH}/{dwelling['id']}")
    assert answer.json() == dwelling
    assert answer.headers["etag"] == '"1"'
    assert [room["number"] for room in dwelling["rooms"]] == ["101", "102"]
    assert dwelling["coordinates"] == DWELLING["coordinates"]


async def test_dwellings_of_a_region_come_in_pages(client: httpx.AsyncClient) -> None:
    made = [await register(client, building=str(n)) for n in range(3)]
    await register(client, region="420325101001")
    first = (await client.get(f"{PATH}?region=420325100&limit=2")).json()
    rest = (await client.get(f"{PATH}?region=420325100&limit=2&cursor={first['next']}")).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == [one["id"] for one in made]
    assert rest["next"] is None
    shops = (await client.get(f"{PATH}?use=shop")).json()
    assert shops["items"] == []


async def test_residents_of_a_room_are_seen_and_the_look_is_kept(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    room = (await register(client))["rooms"][0]["id"]
    home = make_person()["residence"] | {"room_id": room}
    answer = await client.post("/registry/v1/persons", json=make_person(residence=home))
    person = answer.json()["id"]
    other = make_person(id_number=id_number("42032519900101124"), phone=None)
    await client.post("/registry/v1/persons", json=other)
    path = f"/registry/v1/rooms/{room}/residents"
    found = (await client.get(path, headers={"Purpose": "service"})).json()
    assert [each["person_id"] for each in found["items"]] == [person]
    token = issuer.token(scope="self", sub=person)
    usage = await client.get(
        "/registry/datatracker/v2/findUsage",
        params={"userCode": person},
        headers={"Authorization": f"Bearer {token}", "X-Road-UserId": person},
    )
    assert usage.json()["totalUsages"] == 2
    del client.headers["Purpose"]
    assert (await client.get(path)).json()["type"].endswith("/purpose-required")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"region": "420325100"}, 422),
        ({"region": "420325100009"}, 422),
        ({"region": "420381001001"}, 403),
        ({"use": "warehouse"}, 422),
        ({"rooms": [{"number": "1"}, {"number": "1"}]}, 422),
        ({"coordinates": {"longitude": 181, "latitude": 0}}, 422),
        ({"unknown": 1}, 422),
    ],
)
async def test_bad_dwellings(
    client: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    assert (await client.post(PATH, json=DWELLING | change)).status_code == status


async def test_a_number_is_given_once_in_a_village(client: httpx.AsyncClient) -> None:
    await register(client)
    await register(client, region="420325100002")
    again = await client.post(PATH, json=DWELLING)
    assert again.status_code == 409
    assert again.json()["type"].endswith("/dwelling-exists")


async def test_who_may_write_and_who_may_look(client: httpx.AsyncClient, issuer: Issuer) -> None:
    dwelling = await register(client)
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    assert (await client.post(PATH, json=DWELLING, headers=reader)).status_code == 403
    foreign = issuer.token(scope="registry:read", region="420325101")
    headers = {"Authorization": f"Bearer {foreign}"}
    room = dwelling["rooms"][0]["id"]
    for path in (f"{PATH}/{dwelling['id']}", f"/registry/v1/rooms/{room}/residents"):
        assert (await client.get(path, headers=headers)).status_code == 404
    assert (await client.get(PATH, headers=headers)).json()["items"] == []
    asked = await client.get(f"{PATH}?region=420325100", headers=headers)
    assert asked.status_code == 403
