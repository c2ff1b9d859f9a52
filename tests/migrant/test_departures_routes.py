"""Leaving, coming back and moving: expected departures oblige nobody, and she is counted once."""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.desk import TODAY, again, all_pages, arrive, done, looks, read, refused, rows
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, fresh_id_number

SOON, LATER = str(TODAY + timedelta(days=10)), str(TODAY + timedelta(days=40))


async def expect(client: httpx.AsyncClient, stay: dict[str, str], day: str, **more: str) -> None:
    path = f"arrivals/{stay['id']}/expected-departure"
    await done(client, path, {"leaving_on": day} | more, "PUT")


async def test_an_expected_departure_is_said_changed_and_taken_back(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stay = await arrive(client)
    path = f"arrivals/{stay['id']}/expected-departure"
    await expect(client, stay, SOON, to_region="500101")
    await expect(client, stay, LATER)
    said = await read(client, f"arrivals/{stay['id']}")
    assert (said["leaving_on"], said["leaving_to"], said["until"]) == (LATER, None, None)
    for _ in range(2):
        kept = await done(client, path, None, "DELETE")
        assert (kept["leaving_on"], kept["until"]) == (None, None)
    assert await read(client, "expected-departures") == {"items": [], "next": None}
    # nothing was said to anybody of a day that may not come
    told = await rows(app, "SELECT payload FROM outbox WHERE payload LIKE '%departed%'")
    assert told == []


async def test_the_desk_sees_who_expects_to_leave_and_nothing_follows(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    stays = [await arrive(client) for _ in range(3)]
    elsewhere = await arrive(client, region=OTHER_VILLAGE)
    for stay, day in zip([*stays, elsewhere], [LATER, SOON, SOON, SOON], strict=True):
        await expect(client, stay, day)
    passed = TODAY - timedelta(days=3)
    await rows(
        app,
        "UPDATE arrivals SET leaving_on = $1 WHERE id = $2 RETURNING id",
        passed,
        stays[2]["id"],
    )
    seen = await looks(app, stays[0]["person_id"])
    found = await all_pages(client, "expected-departures", region=VILLAGE[:9])
    assert [each["arrival_id"] for each in found] == [stays[n]["id"] for n in (2, 1, 0)]
    assert [each["day_passed"] for each in found] == [True, False, False]
    assert await looks(app, stays[0]["person_id"]) == seen + 1
    near = await all_pages(client, "expected-departures", region=VILLAGE, until=SOON)
    assert [each["arrival_id"] for each in near] == [stays[n]["id"] for n in (2, 1)]
    overdue = await all_pages(client, "arrivals", state="overdue")
    assert [each["id"] for each in overdue] == [stays[2]["id"]]
    assert overdue[0]["until"] is None and overdue[0]["doubts"] == []
    expected = await all_pages(client, "arrivals", state="expected")
    assert {each["id"] for each in expected} == {stays[0]["id"], stays[1]["id"], elsewhere["id"]}
    # who left is expected no more
    await done(
        client, "departures", {"person_id": stays[1]["person_id"], "departed_on": str(TODAY)}
    )
    assert len(await all_pages(client, "expected-departures", region=VILLAGE)) == 2


@pytest.mark.parametrize("days", [-1, 800])
async def test_a_day_that_nobody_expects(client: httpx.AsyncClient, days: int) -> None:
    stay = await arrive(client)
    body = {"leaving_on": str(TODAY + timedelta(days=days))}
    path = f"arrivals/{stay['id']}/expected-departure"
    assert await refused(client, path, body, "PUT") == (422, "day-passed")


async def test_she_says_it_herself_and_nobody_else_for_her(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    path = f"arrivals/{stay['id']}/expected-departure"
    body = {"leaving_on": SOON}
    own = bearer(issuer, scope="self", sub=stay["person_id"])
    assert (await done(client, path, body, "PUT", **own))["leaving_on"] == SOON
    other = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await refused(client, path, body, "PUT", **other))[0] == 404
    assert (await refused(client, path, None, "DELETE", **other))[0] == 404
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    assert (await refused(client, path, body, "PUT", **elsewhere))[0] == 404
    reader = bearer(issuer, scope="migrant:read")
    assert (await refused(client, path, body, "PUT", **reader))[0] == 403


async def test_a_stay_that_is_over_expects_nothing(client: httpx.AsyncClient) -> None:
    stay = await arrive(client)
    await done(client, "departures", {"person_id": stay["person_id"], "departed_on": str(TODAY)})
    path = f"arrivals/{stay['id']}/expected-departure"
    assert await refused(client, path, {"leaving_on": SOON}, "PUT") == (409, "already-ended")
    assert await refused(client, path, None, "DELETE") == (409, "already-ended")


async def test_a_move_asks_her_nothing_again(client: httpx.AsyncClient, app: FastAPI) -> None:
    first = await arrive(client, employer="第一建筑公司")
    move = {"person_id": first["person_id"], "region": OTHER_VILLAGE, "moved_on": "2026-05-01"}
    second = await done(client, "moves", move)
    assert second["person_id"] == first["person_id"]
    assert second["moved_from_id"] == first["id"]
    assert (second["in_county_since"], second["arrived_on"]) == ("2026-03-02", "2026-05-01")
    for field in ("origin_region", "stay_purpose", "employer"):
        assert second[field] == first[field]
    closed = await read(client, f"arrivals/{first['id']}")
    assert (closed["until"], closed["ended_by"]) == ("2026-05-01", "move")
    told = await rows(app, "SELECT payload FROM outbox WHERE payload LIKE '%migrant-arrived%'")
    assert len(told) == 2
    assert await refused(client, "moves", move) == (409, "same-place")
    next_door = move | {"room_id": str(new_id()), "moved_on": "2026-05-20"}
    assert (await done(client, "moves", next_door))["moved_from_id"] == second["id"]
    early = move | {"region": VILLAGE, "moved_on": "2026-04-01"}
    assert await refused(client, "moves", early) == (409, "overlaps-stay")


async def test_who_cannot_be_moved(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stay = await arrive(client)
    move = {"person_id": stay["person_id"], "region": OTHER_VILLAGE, "moved_on": "2026-05-01"}
    there = bearer(issuer, scope="migrant:write", region="420325101")
    assert (await refused(client, "moves", move, **there))[0] == 404  # not hers to see
    here = bearer(issuer, scope="migrant:write", region="420325100")
    assert (await refused(client, "moves", move, **here)) == (403, "outside-jurisdiction")
    assert (await refused(client, "moves", move | {"moved_on": "2099-01-01"}))[0] == 422
    await done(client, "departures", {"person_id": stay["person_id"], "departed_on": "2026-04-01"})
    assert await refused(client, "moves", move) == (409, "not-here")


async def test_her_stays_are_hers_to_read(client: httpx.AsyncClient, issuer: Issuer) -> None:
    number = fresh_id_number()
    first = await arrive(client, id_number=number)
    await done(client, "departures", {"person_id": first["person_id"], "departed_on": "2026-04-01"})
    second = await again(client, number, arrived_on="2026-06-01")
    path = f"people/{first['person_id']}/stays"
    assert [each["id"] for each in await all_pages(client, path)] == [second["id"], first["id"]]
    own = bearer(issuer, scope="self", sub=first["person_id"])
    answer = await client.get(f"/migrant/v1/{path}", headers=own)
    assert len(answer.json()["items"]) == 2
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(f"/migrant/v1/{path}", headers=stranger)).status_code == 404
    elsewhere = bearer(issuer, scope="migrant:read", region="420381")
    assert (await client.get(f"/migrant/v1/{path}", headers=elsewhere)).status_code == 404


async def test_the_half_year_counts_over_moves_and_tells_of_absences(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    number = fresh_id_number()
    came = TODAY - timedelta(days=150)
    left, back = TODAY - timedelta(days=100), TODAY - timedelta(days=80)
    first = await arrive(client, id_number=number, arrived_on=str(came))
    person = first["person_id"]
    await done(client, "departures", {"person_id": person, "departed_on": str(left)})
    assert (await read(client, f"people/{person}"))["residence_permit"] is None
    await again(client, number, arrived_on=str(back))
    await again(client, number, region=OTHER_VILLAGE, arrived_on=str(TODAY - timedelta(days=30)))
    # a clerk of the second township counts the days of the first
    there = bearer(issuer, scope="migrant:read", region="420325101")
    answer = await client.get(f"/migrant/v1/people/{person}", headers=there)
    permit = answer.json()["residence_permit"]
    assert permit["counted_since"] == str(back)
    assert permit["days_counted"] == 80
    assert permit["days_missing"] > 90
    assert permit["absences"] == [
        {"left_on": str(left), "returned_on": str(back), "days": 20, "bridged": False}
    ]
    assert "police" in permit["referral"] and "Decree 663" in permit["source"]
    zh = await client.get(f"/migrant/v1/people/{person}", headers={"Accept-Language": "zh"})
    assert "派出所" in zh.json()["residence_permit"]["referral"]
