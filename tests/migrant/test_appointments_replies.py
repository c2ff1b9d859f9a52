"""What people text back to a reminder; each event comes twice."""

from typing import Any

import httpx
from fastapi import FastAPI

from shared.events.notify import AppointmentReplied
from shared.ids import new_id
from shared.testing import event_message
from tests.conftest import parts_of
from tests.migrant.appointment_samples import APPOINTMENTS, book, in_days, open_place
from tests.migrant.test_appointments_routes import told


async def replies(app: FastAPI, appointment: str, *, cancels: bool, revision: int = 1) -> None:
    event = AppointmentReplied(
        appointment_id=appointment, reply_id=new_id(), cancels=cancels, revision=revision
    )
    for _ in range(2):
        assert await parts_of(app).loop.deliver(event_message(event))
    async with parts_of(app).database.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM dead_letters") == 0


async def read(client: httpx.AsyncClient, appointment: str) -> dict[str, Any]:
    return dict((await client.get(f"{APPOINTMENTS}/{appointment}")).json())


async def test_that_she_comes_is_on_the_list_of_the_day(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await book(client, new_id(), await open_place(client))
    assert made["confirmed_at"] is None
    await replies(app, made["id"], cancels=False)
    assert (await read(client, made["id"]))["confirmed_at"] is not None
    moved = await client.post(f"{APPOINTMENTS}/{made['id']}/move", json={"at": in_days(3)})
    assert moved.json()["confirmed_at"] is None
    await replies(app, made["id"], cancels=False)  # about the time it had
    assert (await read(client, made["id"]))["confirmed_at"] is None


async def test_that_she_does_not_sets_the_time_free(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await book(client, new_id(), await open_place(client))
    await replies(app, made["id"], cancels=True)
    assert (await read(client, made["id"]))["status"] == "cancelled"
    assert [each["kind"] for each in await told(app)] == [
        "appointment-booked",
        "appointment-cancelled",
    ]
    await replies(app, made["id"], cancels=False, revision=2)
    assert (await read(client, made["id"]))["confirmed_at"] is None


async def test_words_about_another_time_change_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await book(client, new_id(), await open_place(client))
    await client.post(f"{APPOINTMENTS}/{made['id']}/move", json={"at": in_days(3)})
    await replies(app, made["id"], cancels=True)
    await replies(app, str(new_id()), cancels=True)
    assert (await read(client, made["id"]))["status"] == "booked"
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE appointments SET at = now() - interval '1 hour'")
    await replies(app, made["id"], cancels=True, revision=2)
    assert (await read(client, made["id"]))["status"] == "booked"
