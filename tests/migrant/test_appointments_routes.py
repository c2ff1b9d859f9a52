"""Appointments over HTTP: places and hours, free times, booking, moving, cancelling, the day."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.appointment_samples import (
    APPOINTMENTS,
    book,
    in_days,
    make_appointment,
    make_place,
    make_window,
    open_place,
)
from tests.migrant.conftest import bearer
from tests.migrant.places import PLACES
from tests.migrant.samples import VILLAGE, make_arrival
from tests.migrant.test_services_routes import RECORDS, make_record

TOWNSHIP = "420325100"
OTHER_TOWNSHIP = "420325101"


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def herself(issuer: Issuer, person: Any) -> dict[str, str]:
    return bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}


def desk(issuer: Issuer, region: str, **claims: Any) -> dict[str, str]:
    return bearer(
        issuer, scope="migrant:read migrant:write", region=region, sub=f"clerk-{region}", **claims
    )


async def free(client: httpx.AsyncClient, place: str, **params: Any) -> list[dict[str, Any]]:
    asked = {"day": str(today() + timedelta(days=2)), "service": "legal-aid"} | params
    answer = await client.get(f"{PLACES}/{place}/slots", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def told(app: FastAPI) -> list[dict[str, Any]]:
    """The appointment events that were said, oldest first."""
    async with parts_of(app).database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT payload::jsonb AS said FROM outbox"
            " WHERE payload::jsonb ->> 'type' LIKE '%appointment%' ORDER BY id"
        )
    return [{"kind": row["said"]["type"].split(".")[2], **row["said"]["data"]} for row in rows]


# places


async def test_a_place_is_kept_read_and_changed(client: httpx.AsyncClient) -> None:
    place = await open_place(client)
    read = await client.get(f"{PLACES}/{place}")
    assert read.json()["org"] == "org-test"
    changed = make_place(windows=[make_window(capacity=5)])
    stale = await client.put(f"{PLACES}/{place}", json=changed, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    missing = await client.put(f"{PLACES}/{place}", json=changed)
    assert missing.status_code == 428
    match = {"If-Match": read.headers["etag"]}
    assert (await client.put(f"{PLACES}/{place}", json=changed, headers=match)).status_code == 200
    assert (await free(client, place))[0]["left"] == 5


async def test_places_are_listed_by_pages(client: httpx.AsyncClient) -> None:
    made = {await open_place(client, area=VILLAGE) for _ in range(3)}
    first = (await client.get(PLACES, params={"limit": 2})).json()
    second = (await client.get(PLACES, params={"limit": 2, "cursor": first["next"]})).json()
    assert {each["id"] for each in first["items"] + second["items"]} == made
    assert second["next"] is None
    assert (await client.get(PLACES, params={"region": "420325999"})).json()["items"] == []


async def test_nobody_keeps_a_place_outside_her_area(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    place = await open_place(client)
    township = desk(issuer, TOWNSHIP) | {"If-Match": '"1"'}
    assert problem(await client.post(PLACES, json=make_place(), headers=township)) == (
        403,
        "outside-jurisdiction",
    )
    changed = await client.put(f"{PLACES}/{place}", json=make_place(), headers=township)
    assert problem(changed) == (403, "outside-jurisdiction")
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(PLACES, json=make_place(), headers=reader)).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"windows": [make_window(), make_window(opens="10:00")]},
        {"windows": [make_window(weekdays=[8])]},
        {"windows": [make_window(weekdays=[])]},
        {"exceptions": [{"day": "2099-01-01", "hours": []}]},
        {"name_zh": "长" * 41},
        {"days_ahead": 0},
        {"area": "42"},
        {"gate": "certificate"},
    ],
)
async def test_hours_that_are_refused(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    assert (await client.post(PLACES, json=make_place(**change))).status_code == 422


# free times


async def test_free_times_leave_out_what_is_taken(client: httpx.AsyncClient) -> None:
    place = await open_place(client)
    assert [each["left"] for each in await free(client, place)] == [2] * 6
    await book(client, new_id(), place)
    assert [each["left"] for each in await free(client, place)] == [1, 2, 2, 2, 2, 2]
    await book(client, new_id(), place, service="child-vaccination")
    assert len(await free(client, place)) == 5
    assert await free(client, place, service="housing") == []


async def test_closed_days_have_no_times(client: httpx.AsyncClient) -> None:
    day = str(today() + timedelta(days=2))
    place = await open_place(client, exceptions=[{"day": day, "hours": []}])
    assert await free(client, place) == []
    refused = await client.post(APPOINTMENTS, json=make_appointment(new_id(), place))
    assert problem(refused) == (409, "closed-then")
    assert refused.json()["free"] == []


async def test_times_of_today_that_are_past_are_not_offered(client: httpx.AsyncClient) -> None:
    hours = make_window(opens="00:00", closes="23:55", minutes=5)
    place = await open_place(client, windows=[hours])
    now = datetime.now(UTC)
    offered = await free(client, place, day=str(today()))
    assert all(datetime.fromisoformat(each["at"]) > now for each in offered)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "20261130", "x"])
async def test_days_that_no_calendar_reaches(client: httpx.AsyncClient, day: str) -> None:
    place = await open_place(client)
    params = {"day": day, "service": "legal-aid"}
    assert (await client.get(f"{PLACES}/{place}/slots", params=params)).status_code == 400


# booking


async def test_a_desk_books_and_she_reads_moves_and_cancels(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, place = new_id(), await open_place(client)
    made = await book(client, person, place)
    own = herself(issuer, person)
    path = f"{APPOINTMENTS}/{made['id']}"
    assert (await client.get(path, headers=own)).json() == made
    moved = await client.post(f"{path}/move", json={"at": in_days(3)}, headers=own)
    assert datetime.fromisoformat(moved.json()["at"]) == datetime.fromisoformat(in_days(3))
    assert [each["left"] for each in await free(client, place)] == [2] * 6
    cancelled = await client.post(f"{path}/cancellation", headers=own)
    assert cancelled.json()["status"] == "cancelled"
    listed = await client.get(APPOINTMENTS, params={"person_id": str(person)}, headers=own)
    assert [each["status"] for each in listed.json()] == ["cancelled"]
    for change in (
        client.post(f"{path}/cancellation", headers=own),
        client.post(f"{path}/move", json={"at": in_days(4)}, headers=own),
    ):
        assert problem(await change) == (409, "appointment-closed")
    events = await told(app)
    assert [(each["kind"], each["revision"]) for each in events] == [
        ("appointment-booked", 1),
        ("appointment-changed", 2),
        ("appointment-cancelled", 3),
    ]
    assert events[0]["place_zh"] == "县便民服务中心二楼"
    assert "legal" not in str(events)  # where and when, never what for


async def test_she_books_for_herself_and_for_nobody_else(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person, place = new_id(), await open_place(client)
    own = herself(issuer, person)
    assert (await client.get(PLACES, headers=own)).json()["items"]
    body = make_appointment(person, place)
    assert (await client.post(APPOINTMENTS, json=body, headers=own)).status_code == 201
    other = make_appointment(new_id(), place)
    assert (await client.post(APPOINTMENTS, json=other, headers=own)).status_code == 404
    made = await book(client, new_id(), place)
    path = f"{APPOINTMENTS}/{made['id']}"
    assert (await client.get(path, headers=own)).status_code == 404
    assert (await client.post(f"{path}/cancellation", headers=own)).status_code == 404
    move = await client.post(f"{path}/move", json={"at": in_days(3)}, headers=own)
    assert move.status_code == 404


async def test_a_township_desk_books_at_the_county_and_another_does_not_see_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person, place = new_id(), await open_place(client)
    here, there = desk(issuer, TOWNSHIP), desk(issuer, OTHER_TOWNSHIP)
    made = await client.post(APPOINTMENTS, json=make_appointment(person, place), headers=here)
    assert made.status_code == 201, made.text
    path = f"{APPOINTMENTS}/{made.json()['id']}"
    assert (await client.get(path, headers=here)).status_code == 200
    assert (await client.get(path, headers=there)).status_code == 404
    assert (await client.get(path)).status_code == 200  # the county's own desk, whose place it is
    again = await client.post(APPOINTMENTS, json=make_appointment(person, place), headers=there)
    assert problem(again) == (409, "double-booked")  # known without being shown
    away = desk(issuer, "420381")
    assert (await client.get(path, headers=away)).status_code == 404
    refused = await client.post(APPOINTMENTS, json=make_appointment(person, place), headers=away)
    assert refused.status_code == 403


async def test_of_two_who_ask_for_the_last_time_one_gets_it(client: httpx.AsyncClient) -> None:
    place = await open_place(client, windows=[make_window(capacity=1)])
    answers = await asyncio.gather(
        *(client.post(APPOINTMENTS, json=make_appointment(new_id(), place)) for _ in range(6))
    )
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    refused = next(each for each in answers if each.status_code == 409)
    assert problem(refused) == (409, "slot-full")
    nearest = [datetime.fromisoformat(each) for each in refused.json()["free"]]
    assert nearest[0] == datetime.fromisoformat(in_days(2, time(9, 30)))
    assert len(nearest) == 5
    day = {"day": str(today() + timedelta(days=2))}
    assert len((await client.get(f"{PLACES}/{place}/appointments", params=day)).json()) == 1


async def test_one_person_is_in_one_place_at_a_time(client: httpx.AsyncClient) -> None:
    person = new_id()
    first = await open_place(client)
    longer = await open_place(client, windows=[make_window(opens="08:00", minutes=90)])
    await book(client, person, first)
    for place, at in ((first, time(9)), (longer, time(8))):
        body = make_appointment(person, place, at=in_days(2, at))
        assert problem(await client.post(APPOINTMENTS, json=body)) == (409, "double-booked")
    await book(client, person, first, at=in_days(2, time(9, 30)))  # one after the other
    at_once = await asyncio.gather(
        *(
            client.post(APPOINTMENTS, json=make_appointment(person, place, at=at))
            for place, at in (
                (first, in_days(3, time(9))),
                (longer, in_days(3, time(8))),
            )
        )
    )
    assert sorted(each.status_code for each in at_once) == [201, 409]


async def test_moving_within_ones_own_time_is_no_double_booking(
    client: httpx.AsyncClient,
) -> None:
    windows = [
        make_window(minutes=60, services=["legal-aid"]),
    ]
    place = await open_place(client, windows=windows)
    made = await book(client, new_id(), place)
    again = await client.post(f"{APPOINTMENTS}/{made['id']}/move", json={"at": made["at"]})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (in_days(2, time(9, 10)), (409, "closed-then")),
        (in_days(2, time(12)), (409, "closed-then")),
        (in_days(2, time(8, 30)), (409, "closed-then")),
        (in_days(61), (409, "too-far-ahead")),
        (in_days(-1), (422, "malformed-body")),
        (in_days(5000), (422, "malformed-body")),
        ("9999-12-31T23:59:59-12:00", (422, "malformed-body")),
        ("2036-01-01T08:00:00", (422, "malformed-body")),
    ],
)
async def test_times_that_cannot_be_booked(
    client: httpx.AsyncClient, at: str, expected: tuple[int, str]
) -> None:
    place = await open_place(client)
    answer = await client.post(APPOINTMENTS, json=make_appointment(new_id(), place, at=at))
    assert problem(answer) == expected


async def test_the_same_moment_in_another_zone_is_the_same_time(client: httpx.AsyncClient) -> None:
    place = await open_place(client)
    utc = datetime.fromisoformat(in_days(2)).astimezone(UTC).isoformat()
    made = await book(client, new_id(), place, at=utc)
    assert datetime.fromisoformat(made["at"]) == datetime.fromisoformat(in_days(2))
    assert datetime.fromisoformat(made["at"]).utcoffset() == timedelta()


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    place = await open_place(client)
    body = make_appointment(new_id(), place)
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(APPOINTMENTS, json=body, headers=reader)).status_code == 403
    unknown = make_appointment(new_id(), str(new_id()))
    assert (await client.post(APPOINTMENTS, json=unknown)).status_code == 404
    for change in ({"service": "pregnancy-check"}, {"reason": "x"}, {"place_id": "x"}):
        assert (await client.post(APPOINTMENTS, json=body | change)).status_code == 422
    del client.headers["Purpose"]
    assert problem(await client.post(APPOINTMENTS, json=body)) == (400, "purpose-required")


# the day of an office


async def test_the_days_list_calls_people_by_name_and_is_seen(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    stay = (await client.post("/migrant/v1/arrivals", json=make_arrival())).json()
    place, person = await open_place(client), stay["person_id"]
    await book(client, person, place, at=in_days(2, time(10)))
    early = await book(client, new_id(), place)
    dropped = await book(client, new_id(), place)
    await client.post(f"{APPOINTMENTS}/{dropped['id']}/cancellation")
    await book(client, new_id(), place, at=in_days(3))
    params = {"day": str(today() + timedelta(days=2))}
    listed = (await client.get(f"{PLACES}/{place}/appointments", params=params)).json()
    assert [each["name"] for each in listed] == [None, "刘小梅"]
    assert listed[0]["id"] == early["id"]
    async with parts_of(app).database.acquire() as connection:
        seen = await connection.fetchval(
            "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND kind = 'appointment'",
            UUID(person),
        )
    assert seen == 2  # booking, and the list
    for headers in (herself(issuer, person), bearer(issuer, scope="migrant:employ")):
        refused = await client.get(f"{PLACES}/{place}/appointments", params=params, headers=headers)
        assert refused.status_code == 403


async def test_a_missed_appointment_has_no_consequence(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person, place = new_id(), await open_place(client)
    made = await book(client, person, place)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute(
            "UPDATE appointments SET at = now() - interval '2 days',"
            " ends_at = now() - interval '47 hours'"
        )
    path = f"{APPOINTMENTS}/{made['id']}"
    assert (await client.get(path)).json()["status"] == "booked"  # nothing says that she missed it
    assert (await book(client, person, place))["status"] == "booked"


async def test_a_service_keeps_its_appointment_once_and_only_hers(
    client: httpx.AsyncClient,
) -> None:
    person, place = new_id(), await open_place(client)
    made = await book(client, person, place)
    kept = make_record(person, service="legal-aid", appointment_id=made["id"])
    theirs = kept | {"person_id": str(new_id())}
    assert (await client.post(RECORDS, json=theirs)).status_code == 404
    assert (await client.post(RECORDS, json=kept)).status_code == 201
    assert (await client.get(f"{APPOINTMENTS}/{made['id']}")).json()["status"] == "kept"
    assert problem(await client.post(RECORDS, json=kept)) == (409, "appointment-closed")
    assert (await free(client, place))[0]["left"] == 1  # who came took a place
