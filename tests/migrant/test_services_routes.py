"""Services delivered over HTTP."""

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


def make_record(person_id: UUID, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "region": VILLAGE,
        "service": "school-enrolment",
        "resident_kind": "migrant",
        "delivered_on": "2026-09-01",
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
    body = make_record(person, service="health-check")
    refused = await client.post(RECORDS, json=body)
    assert refused.status_code == 409
    assert refused.json()["purpose"] == "health-check"
    consent = await give(client, person, purpose="health-check", phone=None)
    assert (await client.post(RECORDS, json=body)).status_code == 201
    await client.post(f"{CONSENTS}/{consent['id']}/withdrawal")
    assert (await client.post(RECORDS, json=body)).status_code == 409


async def test_a_consent_holds_in_every_township(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    scope = "migrant:read migrant:write"
    here = bearer(issuer, scope=scope, region="420325100")
    there = bearer(issuer, scope=scope, region="420325101", sub="clerk-2")
    body = {"person_id": str(person), "purpose": "health-check"}
    assert (await client.post(CONSENTS, json=body, headers=here)).status_code == 201
    record = make_record(person, service="health-check", region="420325101")
    assert (await client.post(RECORDS, json=record, headers=there)).status_code == 201


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
    outside = await client.post(RECORDS, json=make_record(new_id(), region="420381100"))
    assert outside.json()["type"].endswith("/outside-jurisdiction")
    reader = bearer(issuer, scope="migrant:read")
    body = make_record(new_id())
    assert (await client.post(RECORDS, json=body, headers=reader)).status_code == 403
    del client.headers["Purpose"]
    assert (await client.post(RECORDS, json=body)).status_code == 400
