"""Waiting for a time of a full day: in the order of asking, offered, held, withdrawn."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.appointments.offering import offer_free
from services.migrant.appointments.rules import hold_until
from services.migrant.limits.rules import SHIPPED, Limit
from shared.clock import CHINA, today
from shared.events.registry import PersonsMerged
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
from tests.migrant.test_appointments_routes import (
    OTHER_TOWNSHIP,
    TOWNSHIP,
    desk,
    free,
    herself,
    problem,
    told,
)
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.migrant.test_consumer import deliver_twice

WAITS = "/migrant/v1/appointment-waits"
DAY = today() + timedelta(days=2)


def make_wait(person: Any, place: str, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person),
        "place_id": place,
        "service": "legal-aid",
        "day": str(DAY),
    } | overrides


async def wait(client: httpx.AsyncClient, person: Any, place: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(WAITS, json=make_wait(person, place, **more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def full(client: httpx.AsyncClient, **overrides: Any) -> tuple[str, dict[str, Any]]:
    """A place whose one time of the day is taken, and the appointment that took it."""
    hours = make_window(closes="09:30", capacity=1, **overrides)
    place = await open_place(client, windows=[hours])
    return place, await book(client, new_id(), place)


async def cancel(client: httpx.AsyncClient, appointment: dict[str, Any]) -> None:
    answer = await client.post(f"{APPOINTMENTS}/{appointment['id']}/cancellation")
    assert answer.status_code == 200, answer.text


async def offered(app: FastAPI) -> None:
    """The step beside the service, twice: the second time changes nothing."""
    parts = parts_of(app)
    for _ in range(2):
        async with parts.database.transaction(parts.actor) as tx:
            await offer_free(tx)


async def read(client: httpx.AsyncClient, person: Any) -> dict[str, Any]:
    (found,) = (await client.get(WAITS, params={"person_id": str(person)})).json()
    return dict(found)


async def status(client: httpx.AsyncClient, *people: Any) -> list[str]:
    return [(await read(client, each))["status"] for each in people]


async def late(app: FastAPI) -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE appointment_waits SET held_until = $1", tx.now)
    await offered(app)


async def test_who_asked_first_is_offered_first_and_then_the_next(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    place, taken = await full(client)
    first, second, third = new_id(), new_id(), new_id()
    asked = [await wait(client, each, place) for each in (first, second, third)]
    assert [each["ahead"] for each in asked] == [0, 1, 2]
    await offered(app)
    assert await status(client, first, second, third) == ["waiting"] * 3
    await cancel(client, taken)
    assert await free(client, place) == []  # promised already
    refused = await client.post(APPOINTMENTS, json=make_appointment(new_id(), place))
    assert problem(refused) == (409, "slot-full")
    await offered(app)
    assert await status(client, first, second, third) == ["offered", "waiting", "waiting"]
    hers = await read(client, first)
    assert datetime.fromisoformat(hers["at"]) == datetime.fromisoformat(in_days(2))
    assert datetime.fromisoformat(hers["held_until"]) > datetime.now(UTC)
    event = (await told(app))[-1]
    assert (event["kind"], event["wait_id"], event["place_zh"]) == (
        "appointment-offered",
        hers["id"],
        "县便民服务中心二楼",
    )
    assert "legal" not in str(event)  # where and when, never what for
    assert (await read(client, second))["ahead"] == 0
    await late(app)  # she did not answer in time
    assert await status(client, first, second, third) == ["lapsed", "offered", "waiting"]
    own = herself(issuer, second)
    path = f"{WAITS}/{(await read(client, second))['id']}"
    accepted = await client.post(f"{path}/acceptance", headers=own)
    assert (accepted.status_code, accepted.json()["status"]) == (200, "booked")
    assert (await read(client, second))["appointment_id"] == accepted.json()["id"]
    assert (await told(app))[-1]["kind"] == "appointment-booked"
    again = await client.post(f"{path}/acceptance", headers=own)
    assert problem(again) == (409, "nothing-offered")
    await cancel(client, accepted.json())
    await offered(app)
    assert await status(client, third) == ["offered"]


async def test_she_withdraws_and_the_next_is_asked(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    place, taken = await full(client)
    first, second = new_id(), new_id()
    await wait(client, first, place)
    await wait(client, second, place)
    await cancel(client, taken)
    await offered(app)
    path = f"{WAITS}/{(await read(client, first))['id']}/withdrawal"
    for _ in range(2):  # the second time changes nothing
        answer = await client.post(path, headers=herself(issuer, first))
        assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    await offered(app)
    assert await status(client, first, second) == ["withdrawn", "offered"]
    day = {"day": str(DAY)}
    (kept,) = (await client.get(f"{PLACES}/{place}/appointments", params=day)).json()
    assert (kept["person_id"], kept["status"]) == (str(second), "held")


async def test_an_offer_is_made_once_by_several_replicas(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    place, taken = await full(client)
    people = [new_id() for _ in range(3)]
    for each in people:
        await wait(client, each, place)
    await cancel(client, taken)
    await asyncio.gather(*(offered(app) for _ in range(4)))
    assert await status(client, *people) == ["offered", "waiting", "waiting"]


async def test_somebody_who_cannot_come_then_is_passed_over_and_keeps_her_place(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    place, taken = await full(client)
    busy, second = new_id(), new_id()
    elsewhere = await book(client, busy)  # another place, the same time
    await wait(client, busy, place)
    await wait(client, second, place)
    await cancel(client, taken)
    await offered(app)
    assert await status(client, busy, second) == ["waiting", "offered"]
    path = f"{WAITS}/{(await read(client, second))['id']}/withdrawal"
    await client.post(path)
    await offered(app)
    assert len(await free(client, place)) == 1  # it is not kept from others for her sake
    await cancel(client, elsewhere)
    await offered(app)
    assert await status(client, busy) == ["offered"]


async def test_a_consent_taken_back_ends_the_waiting_and_sets_the_time_free(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, second = new_id(), new_id()
    place = await open_place(
        client, windows=[make_window(closes="09:30", capacity=1, services=["health-check"])]
    )
    consents = [await give(client, each, purpose="health-check", phone=None)
                for each in (person, second)]  # fmt: skip
    third = new_id()
    body = make_wait(third, place, service="health-check")
    assert problem(await client.post(WAITS, json=body)) == (409, "consent-needed")
    await give(client, third, purpose="health-check", phone=None)
    taken = await book(client, third, place, service="health-check")
    for each in (person, second):
        await wait(client, each, place, service="health-check")
    await cancel(client, taken)
    await offered(app)
    ended = f"{CONSENTS}/{consents[0]['id']}/withdrawal"
    assert (await client.post(ended, headers=desk(issuer, TOWNSHIP))).status_code == 200
    assert await status(client, person) == ["withdrawn"]
    await offered(app)
    assert await status(client, person, second) == ["withdrawn", "offered"]


async def test_nothing_is_offered_on_a_consent_that_holds_no_longer(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person, other = new_id(), new_id()
    hours = make_window(closes="09:30", capacity=1, services=["health-check"])
    place = await open_place(client, windows=[hours])
    for each in (person, other):
        await give(client, each, purpose="health-check", phone=None)
    taken = await book(client, other, place, service="health-check")
    await wait(client, person, place, service="health-check")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:  # older than what stands
        await tx.execute("UPDATE consents SET text_version = 0 WHERE person_id = $1", person)
    await cancel(client, taken)
    await offered(app)
    assert await status(client, person) == ["withdrawn"]


async def test_waiting_is_for_full_days_and_once(client: httpx.AsyncClient) -> None:
    place, _ = await full(client)
    open_one = await open_place(client)
    person = new_id()
    free_times = await client.post(WAITS, json=make_wait(person, open_one))
    assert problem(free_times) == (409, "times-free")
    assert len(free_times.json()["free"]) == 6
    await wait(client, person, place)
    twice = await client.post(WAITS, json=make_wait(person, place))
    assert problem(twice) == (409, "already-waiting")
    for change, expected in (
        ({"service": "housing"}, (409, "closed-then")),
        ({"day": str(today() + timedelta(days=61))}, (409, "too-far-ahead")),
        ({"day": str(today() - timedelta(days=1))}, (409, "already-begun")),
        ({"day": "9999-12-31"}, (422, "malformed-body")),
        ({"place_id": str(new_id())}, (404, "not-found")),
        ({"priority": 1}, (422, "malformed-body")),
    ):
        answer = await client.post(WAITS, json=make_wait(person, place, **change))
        assert problem(answer) == expected, change


async def test_a_person_waits_for_a_few_days_at_once(client: httpx.AsyncClient) -> None:
    person = new_id()
    for _ in range(SHIPPED[Limit.WAITS_EACH].value):
        await wait(client, person, (await full(client))[0])
    more = await client.post(WAITS, json=make_wait(person, (await full(client))[0]))
    assert problem(more) == (409, "too-many-waits")


async def test_a_day_that_passed_is_over(client: httpx.AsyncClient, app: FastAPI) -> None:
    place, _ = await full(client)
    person = new_id()
    await wait(client, person, place)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE appointment_waits SET day = $1::date - 1", tx.today)
    await offered(app)
    assert await status(client, person) == ["over"]


async def test_longer_hours_are_offered_as_well(client: httpx.AsyncClient, app: FastAPI) -> None:
    place, _ = await full(client)
    person = new_id()
    await wait(client, person, place)
    changed = make_place(windows=[make_window(closes="10:00", capacity=1)])
    answer = await client.put(f"{PLACES}/{place}", json=changed, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    await offered(app)
    assert (await read(client, person))["status"] == "offered"


async def test_she_accepts_nothing_at_a_time_she_has_since_given_away(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    place, taken = await full(client)
    person = new_id()
    made = await wait(client, person, place)
    await cancel(client, taken)
    await offered(app)
    await book(client, person)  # elsewhere, at the same time
    answer = await client.post(f"{WAITS}/{made['id']}/acceptance")
    assert problem(answer) == (409, "double-booked")


async def test_a_merge_takes_her_waiting_along(client: httpx.AsyncClient, app: FastAPI) -> None:
    place, _ = await full(client)
    kept, merged = new_id(), new_id()
    for each in (kept, merged):
        await wait(client, each, place)
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=merged))
    found = (await client.get(WAITS, params={"person_id": str(merged)})).json()
    assert [each["person_id"] for each in found] == [str(kept)] * 2


async def test_doors(client: httpx.AsyncClient, issuer: Issuer, app: FastAPI) -> None:
    place, _ = await full(client)
    person = new_id()
    here, there = desk(issuer, TOWNSHIP), desk(issuer, OTHER_TOWNSHIP)
    made = await client.post(WAITS, json=make_wait(person, place), headers=here)
    assert made.status_code == 201, made.text
    path = f"{WAITS}/{made.json()['id']}/withdrawal"
    assert (await client.post(path, headers=there)).status_code == 404
    assert (await client.post(path, headers=herself(issuer, new_id()))).status_code == 404
    stranger = herself(issuer, new_id())
    params = {"person_id": str(person)}
    assert (await client.get(WAITS, params=params, headers=stranger)).status_code == 404
    other = make_wait(new_id(), place)
    assert (await client.post(WAITS, json=other, headers=stranger)).status_code == 404
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(WAITS, json=other, headers=reader)).status_code == 403
    away = desk(issuer, "420381")
    assert (await client.post(WAITS, json=other, headers=away)).status_code == 403
    async with parts_of(app).database.acquire() as connection:
        seen = await connection.fetchval(
            "SELECT count(*) FROM usage_entries WHERE subject_id = $1", UUID(str(person))
        )
    assert seen == 1
    del client.headers["Purpose"]
    assert problem(await client.post(WAITS, json=other)) == (400, "purpose-required")


def local(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(DAY, time(hour, minute), CHINA)


@pytest.mark.parametrize(
    ("now", "at", "until"),
    [
        (local(9), local(15), local(11)),
        (local(9), local(10), local(10)),  # never beyond its beginning
        (local(23), local(15) + timedelta(days=1), local(10) + timedelta(days=1)),
        (local(3), local(15), local(10)),
        (local(19, 59), local(9) + timedelta(days=1), local(21, 59)),
        (local(20), local(9) + timedelta(days=1), local(9) + timedelta(days=1)),
    ],
)
def test_how_long_a_time_is_held(now: datetime, at: datetime, until: datetime) -> None:
    assert hold_until(now.astimezone(UTC), 120, at.astimezone(UTC), range(8, 20)) == until
