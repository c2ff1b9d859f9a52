"""Appointments that lean on a consent: asked before, cancelled with it, told when she agrees."""

import httpx
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.appointment_samples import (
    APPOINTMENTS,
    book,
    in_days,
    make_appointment,
    make_window,
    open_place,
)
from tests.migrant.test_appointments_routes import OTHER_TOWNSHIP, TOWNSHIP, desk, problem, told
from tests.migrant.test_consents_routes import CONSENTS, give


async def test_a_withdrawal_cancels_what_was_booked_on_it_in_every_township(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, place = new_id(), await open_place(client)
    body = make_appointment(person, place, service="health-check")
    refused = await client.post(APPOINTMENTS, json=body)
    assert problem(refused) == (409, "consent-needed")
    consent = await give(client, person, purpose="health-check", phone=None)
    other = await book(client, person, place, at=in_days(3))
    township = desk(issuer, OTHER_TOWNSHIP)
    made = await client.post(APPOINTMENTS, json=body, headers=township)
    assert made.status_code == 201, made.text
    withdrawal = f"{CONSENTS}/{consent['id']}/withdrawal"
    elsewhere = desk(issuer, TOWNSHIP)
    assert (await client.post(withdrawal, headers=elsewhere)).status_code == 200
    assert (await client.get(f"{APPOINTMENTS}/{made.json()['id']}")).json()["status"] == "cancelled"
    assert (await client.get(f"{APPOINTMENTS}/{other['id']}")).json()["status"] == "booked"
    assert (await told(app))[-1]["kind"] == "appointment-cancelled"
    assert problem(await client.post(APPOINTMENTS, json=body)) == (409, "consent-needed")


async def test_moving_asks_again_whether_the_consent_stands(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person, place = new_id(), await open_place(client)
    await give(client, person, purpose="health-check", phone=None)
    made = await book(client, person, place, service="health-check")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:  # older than what stands
        await tx.execute("UPDATE consents SET text_version = 0")
    move = await client.post(f"{APPOINTMENTS}/{made['id']}/move", json={"at": in_days(3)})
    assert problem(move) == (409, "consent-needed")


async def test_agreeing_to_reminders_tells_what_is_booked_already(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = new_id()
    made = await book(client, person)
    await give(client, person)
    booked = [each for each in await told(app) if each["kind"] == "appointment-booked"]
    assert [each["appointment_id"] for each in booked] == [made["id"]] * 2
    assert booked[0] == booked[1]


async def test_hours_given_by_the_week_and_the_place_of_its_window(
    client: httpx.AsyncClient,
) -> None:
    windows = [
        make_window(closes="10:00", services=["legal-aid"], capacity=1),
        make_window(closes="10:00", services=["training"], capacity=1),
    ]
    place = await open_place(client, windows=windows)
    await book(client, new_id(), place, service="legal-aid")
    await book(client, new_id(), place, service="training")  # another window, its own place
    full = make_appointment(new_id(), place, service="legal-aid")
    assert problem(await client.post(APPOINTMENTS, json=full)) == (409, "slot-full")
