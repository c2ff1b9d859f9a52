"""How a person wants to be reached: chosen by herself or at any desk, told to every service."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.test_consents_desks import desk, herself, told

HERE, THERE = "420325100", "420325101"
PHONE = "13900000003"


def path(person: Any) -> str:
    return f"/migrant/v1/people/{person}/contact-choice"


def make_choice(**overrides: Any) -> dict[str, Any]:
    return {
        "channel": "sms",
        "language": "en",
        "phone": PHONE,
        "from_hour": 18,
        "to_hour": 21,
    } | overrides


async def test_she_chooses_reads_and_changes(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person = new_id()
    own = herself(issuer, person)
    assert (await client.get(path(person), headers=own)).status_code == 404
    made = await client.put(path(person), json=make_choice(), headers=own)
    assert made.status_code == 200, made.text
    assert made.json()["phone"] == PHONE
    await client.put(path(person), json={"channel": "none"}, headers=own)
    read = (await client.get(path(person), headers=own)).json()
    assert (read["channel"], read["phone"], read["from_hour"]) == ("none", None, 8)
    events = await told(app, "contact-choices-changed")
    assert [each["channel"] for each in events] == ["sms", "none"]
    assert PHONE not in str(events)


async def test_any_desk_records_it_and_only_that_desk_reads_it(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = new_id()
    here, there = desk(issuer, HERE), desk(issuer, THERE)
    await client.put(path(person), json=make_choice(), headers=here)
    changed = await client.put(path(person), json=make_choice(from_hour=9), headers=there)
    assert changed.status_code == 200
    assert (await client.get(path(person), headers=there)).json()["from_hour"] == 9
    assert (await client.get(path(person), headers=here)).status_code == 404
    assert (await client.get(path(person))).json()["from_hour"] == 9


async def test_numbers_and_addresses_are_masked_and_sealed(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = new_id()
    letter = make_choice(channel="letter", address="人民路1号3单元201")
    await client.put(path(person), json=letter)
    read = await client.get(path(person), headers={"Purpose": "oversight"})
    assert read.json()["phone"] == "139******03"
    assert "201" not in read.json()["address"]
    async with parts_of(app).database.acquire() as connection:
        await connection.execute("SET yipan.region = '420325'")
        rows = await connection.fetch("SELECT c::text AS row FROM contact_choices AS c")
        await connection.execute("RESET yipan.region")
    assert len(rows) == 1
    assert not [secret for secret in (PHONE, "人民路") if secret in rows[0]["row"]]


@pytest.mark.parametrize(
    "change",
    [
        {"channel": "call", "phone": None},
        {"channel": "letter"},
        {"channel": "visit"},
        {"from_hour": 7},
        {"to_hour": 22},
        {"from_hour": 20, "to_hour": 20},
        {"language": "fr"},
        {"phone": "12"},
        {"score": 1},
    ],
)
async def test_choices_that_are_none(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    assert (await client.put(path(new_id()), json=make_choice(**change))).status_code == 422


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = new_id()
    await client.put(path(person), json=make_choice())
    for headers, status in (
        (herself(issuer, new_id()), 404),
        (bearer(issuer, scope="migrant:read"), 403),
        (desk(issuer, "420381"), 403),
    ):
        answer = await client.put(path(person), json=make_choice(), headers=headers)
        assert answer.status_code == status
    assert (await client.get(path(person), headers=herself(issuer, new_id()))).status_code == 404
    assert (await client.get(path(person), headers=desk(issuer, "420381"))).status_code == 404
    del client.headers["Purpose"]
    assert (await client.put(path(person), json=make_choice())).status_code == 400


async def test_a_merge_keeps_the_newest_word(client: httpx.AsyncClient, app: FastAPI) -> None:
    kept, merged = new_id(), new_id()
    await client.put(path(kept), json=make_choice())
    await client.put(path(merged), json={"channel": "none"})
    message = event_message(PersonsMerged(kept_id=kept, merged_id=merged))
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)
    for person in (kept, merged):
        read = (await client.get(path(person))).json()
        assert (read["channel"], UUID(read["person_id"])) == ("none", kept)
