"""Consents over HTTP: given at a desk, read and taken back by the person herself."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import OTHER_VILLAGE, make_arrival

CONSENTS = "/migrant/v1/consents"


def make_consent(person_id: UUID, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "purpose": "sms-reminders",
        "phone": "13900000002",
        "language": "zh",
    } | overrides


async def give(client: httpx.AsyncClient, person_id: UUID, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(CONSENTS, json=make_consent(person_id, **overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_given_read_and_taken_back_by_herself(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person_id = new_id()
    consent = await give(client, person_id)
    assert "take this back" in consent["words"]
    own = bearer(issuer, scope="self", sub=str(person_id)) | {"Purpose": "subject-access"}
    listed = await client.get(CONSENTS, params={"person_id": str(person_id)}, headers=own)
    assert [each["phone"] for each in listed.json()] == ["13900000002"]
    withdrawal = f"{CONSENTS}/{consent['id']}/withdrawal"
    first = await client.post(withdrawal, headers=own)
    again = await client.post(withdrawal, headers=own)
    assert first.json()["withdrawn_at"] == again.json()["withdrawn_at"] is not None
    assert (await give(client, person_id, at_her_request=True))["id"] != consent["id"]


async def test_a_consent_goes_where_she_goes(client: httpx.AsyncClient, issuer: Issuer) -> None:
    stay = (await client.post("/migrant/v1/arrivals", json=make_arrival())).json()
    consent = await give(client, UUID(stay["person_id"]))
    there = bearer(issuer, scope="migrant:read migrant:write", region=OTHER_VILLAGE[:9])
    mine = {"person_id": stay["person_id"]}
    assert (await client.get(CONSENTS, params=mine, headers=there)).json() == []
    move = make_arrival(region=OTHER_VILLAGE, arrived_on="2026-05-01")
    assert (await client.post("/migrant/v1/arrivals", json=move, headers=there)).status_code == 201
    listed = await client.get(CONSENTS, params=mine, headers=there)
    assert [each["id"] for each in listed.json()] == [consent["id"]]


async def test_where_a_stranger_belongs(client: httpx.AsyncClient, issuer: Issuer) -> None:
    city = bearer(issuer, scope="migrant:write", region="4203", sub="clerk-9")
    body = make_consent(new_id())
    unsaid = await client.post(CONSENTS, json=body, headers=city)
    assert (unsaid.status_code, unsaid.json()["type"].rpartition("/")[2]) == (422, "region-needed")
    outside = await client.post(CONSENTS, json=body | {"region": "500101"}, headers=city)
    assert outside.status_code == 403
    said = await client.post(CONSENTS, json=body | {"region": "420325100"}, headers=city)
    assert said.status_code == 201
    listed = await client.get(CONSENTS, params={"person_id": body["person_id"]})
    assert [each["id"] for each in listed.json()] == [said.json()["id"]]


async def test_twice_is_a_conflict(client: httpx.AsyncClient) -> None:
    person_id = new_id()
    await give(client, person_id)
    again = await client.post(CONSENTS, json=make_consent(person_id))
    assert again.status_code == 409
    assert again.json()["type"].endswith("/already-consented")


async def test_nobody_else_reads_or_withdraws(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person_id = new_id()
    consent = await give(client, person_id)
    withdrawal = f"{CONSENTS}/{consent['id']}/withdrawal"
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    params = {"person_id": str(person_id)}
    assert (await client.get(CONSENTS, params=params, headers=stranger)).status_code == 404
    assert (await client.post(withdrawal, headers=stranger)).status_code == 404
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    assert (await client.post(withdrawal, headers=elsewhere)).status_code == 403
    for_another = make_consent(person_id, purpose="follow-up", phone=None)
    assert (await client.post(CONSENTS, json=for_another, headers=stranger)).status_code == 404


async def test_the_phone_is_masked_and_never_leaves_unsealed(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person_id = new_id()
    await give(client, person_id)
    listed = await client.get(
        CONSENTS, params={"person_id": str(person_id)}, headers={"Purpose": "oversight"}
    )
    assert listed.json()[0]["phone"] == "139******02"
    async with parts_of(app).database.acquire() as connection:
        payloads = await connection.fetch("SELECT payload FROM outbox")
    assert len(payloads) == 1 and "13900000002" not in payloads[0]["payload"]


async def test_purposes_are_told_in_plain_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/migrant/v1/consent-purposes")
    assert {each["purpose"] for each in answer.json()} >= {"sms-reminders", "health-check"}


@pytest.mark.parametrize(
    "change", [{"purpose": "compliance"}, {"phone": None}, {"phone": "12"}, {"language": "fr"}]
)
async def test_bad_input(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    answer = await client.post(CONSENTS, json=make_consent(new_id(), **change))
    assert answer.status_code == 422


async def test_a_purpose_header_is_needed(client: httpx.AsyncClient) -> None:
    del client.headers["Purpose"]
    answer = await client.post(CONSENTS, json=make_consent(new_id()))
    assert answer.json()["type"].endswith("/purpose-required")
