"""Services delivered and appointments over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.migrant.services.rules import Service, consent_for
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.samples import VILLAGE
from tests.migrant.test_consents_routes import CONSENTS, give

RECORDS = "/migrant/v1/service-records"
APPOINTMENTS = "/migrant/v1/appointments"


def make_record(person_id: UUID, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "region": VILLAGE,
        "service": "school-enrolment",
        "resident_kind": "migrant",
        "delivered_on": "2026-09-01",
    } | overrides


def make_appointment(person_id: UUID, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "region": VILLAGE,
        "service": "legal-aid",
        "at": (datetime.now(UTC) + timedelta(days=2)).isoformat(),
    } | overrides


def test_voluntary_services_run_on_consent() -> None:
    assert {each for each in Service if consent_for(each)} == {
        Service.HEALTH_CHECK,
        Service.FOLLOW_UP,
    }


async def test_recorded_and_read_by_herself(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    made = await client.post(RECORDS, json=make_record(person))
    assert made.status_code == 201, made.text
    path = f"{RECORDS}/{made.json()['id']}"
    own = bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}
    assert (await client.get(path, headers=own)).json() == made.json()
    assert (
        await client.get(path, headers=bearer(issuer, scope="self", sub=str(new_id())))
    ).status_code == 404
    away = bearer(issuer, scope="migrant:read", region="420381")
    assert (await client.get(path, headers=away)).status_code == 404


async def test_a_health_check_needs_consent_and_stops_with_it(client: httpx.AsyncClient) -> None:
    person = new_id()
    bodies = [
        (RECORDS, make_record(person, service="health-check")),
        (APPOINTMENTS, make_appointment(person, service="health-check")),
    ]
    for path, body in bodies:
        refused = await client.post(path, json=body)
        assert refused.status_code == 409
        assert refused.json()["purpose"] == "health-check"
    consent = await give(client, person, purpose="health-check", phone=None)
    for path, body in bodies:
        assert (await client.post(path, json=body)).status_code == 201
    await client.post(f"{CONSENTS}/{consent['id']}/withdrawal")
    for path, body in bodies:
        assert (await client.post(path, json=body)).status_code == 409


async def test_a_consent_holds_in_every_township(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    scope = "migrant:read migrant:write"
    here = bearer(issuer, scope=scope, region="420325100")
    there = bearer(issuer, scope=scope, region="420325101", sub="clerk-2")
    body = {"person_id": str(person), "purpose": "health-check"}
    assert (await client.post(CONSENTS, json=body, headers=here)).status_code == 201
    record = make_record(person, service="health-check", region="420325101")
    assert (await client.post(RECORDS, json=record, headers=there)).status_code == 201


async def test_an_appointment_is_kept_or_cancelled_once(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = new_id()
    booked = [
        (await client.post(APPOINTMENTS, json=make_appointment(person))).json() for _ in (1, 2)
    ]
    kept = make_record(person, service="legal-aid", appointment_id=booked[0]["id"])
    assert (await client.post(RECORDS, json=kept)).status_code == 201
    again = await client.post(RECORDS, json=kept)
    assert again.json()["type"].endswith("/appointment-closed")
    read = await client.get(f"{APPOINTMENTS}/{booked[0]['id']}")
    assert read.json()["status"] == "kept"
    own = bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}
    cancelled = await client.post(f"{APPOINTMENTS}/{booked[1]['id']}/cancellation", headers=own)
    assert cancelled.json()["status"] == "cancelled"


@pytest.mark.parametrize(
    "change",
    [
        {"service": "pregnancy-check"},
        {"resident_kind": "key-person"},
        {"delivered_on": "2099-01-01"},
        {"result": "good"},
    ],
)
async def test_what_cannot_be_recorded(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    assert (await client.post(RECORDS, json=make_record(new_id(), **change))).status_code == 422


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    past = make_appointment(new_id(), at="2026-01-01T08:00:00+08:00")
    assert (await client.post(APPOINTMENTS, json=past)).status_code == 422
    outside = await client.post(RECORDS, json=make_record(new_id(), region="420381100"))
    assert outside.json()["type"].endswith("/outside-jurisdiction")
    reader = bearer(issuer, scope="migrant:read")
    body = make_record(new_id())
    assert (await client.post(RECORDS, json=body, headers=reader)).status_code == 403
    del client.headers["Purpose"]
    assert (await client.post(RECORDS, json=body)).status_code == 400
