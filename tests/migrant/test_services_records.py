"""Service records: lists for her and for the office, annulled and put right."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.test_services_routes import RECORDS, make_record

OTHER_OFFICE = {"org": "org-other", "sub": "clerk-9", "scope": "migrant:read migrant:write"}


async def record(client: httpx.AsyncClient, person: UUID, **overrides: Any) -> dict[str, Any]:
    made = await client.post(RECORDS, json=make_record(person, **overrides))
    assert made.status_code == 201, made.text
    view: dict[str, Any] = made.json()
    return view


async def listed(
    client: httpx.AsyncClient, headers: dict[str, str] | None = None, **params: Any
) -> list[str]:
    answer = await client.get(RECORDS, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def events(app: FastAPI, kind: str) -> list[str]:
    pool = parts_of(app).database.pool
    rows = await pool.fetch("SELECT payload FROM outbox ORDER BY id")
    return [row["payload"] for row in rows if f"migrant.{kind}.v1" in row["payload"]]


async def test_an_office_lists_its_own_work_and_she_what_is_hers(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    person, somebody = new_id(), new_id()
    mine = await record(client, person, delivered_on="2026-03-01")
    training = await record(client, somebody, service="training", delivered_on="2026-05-01")
    other = bearer(issuer, **OTHER_OFFICE)
    theirs = await client.post(RECORDS, json=make_record(person), headers=other)
    assert await listed(client) == [training["id"], mine["id"]]
    assert await listed(client, person_id=str(person)) == [mine["id"]]
    assert await listed(client, service="training") == [training["id"]]
    assert await listed(client, since="2026-04-01") == [training["id"]]
    assert await listed(client, until="2026-03-01") == [mine["id"]]
    own = bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}
    assert await listed(client, own, person_id=str(person)) == [theirs.json()["id"], mine["id"]]
    for params in ({}, {"person_id": str(somebody)}):
        assert (await client.get(RECORDS, params=params, headers=own)).status_code == 404
    looks = await parts_of(app).database.pool.fetchval(
        "SELECT count(*) FROM usage_entries WHERE subject_id = $1 AND kind = 'service'", person
    )
    assert looks == 2 + 3 + 2  # recorded twice, listed by an office thrice and by herself once


async def test_records_come_in_pages(client: httpx.AsyncClient) -> None:
    made = [(await record(client, new_id()))["id"] for _ in range(3)]
    first = (await client.get(RECORDS, params={"limit": 2})).json()
    rest = (await client.get(RECORDS, params={"cursor": first["next"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None


async def test_a_record_made_in_error_is_annulled_once(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await record(client, new_id())
    path = f"{RECORDS}/{made['id']}/annulment"
    annulled = await client.post(path, json={"reason": "wrong-person"})
    assert annulled.json()["annulment_reason"] == "wrong-person"
    assert annulled.json()["annulled_at"]
    again = await client.post(path, json={"reason": "wrong-person"})
    assert again.json()["type"].endswith("/record-annulled")
    (said,) = await events(app, "service-record-annulled")
    assert made["id"] in said and made["person_id"] not in said
    assert (await client.get(f"{RECORDS}/{made['id']}")).json() == annulled.json()


async def test_a_correction_annuls_and_records_anew(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await record(client, new_id(), delivered_on="2026-03-01")
    path = f"{RECORDS}/{made['id']}/correction"
    body = {"reason": "wrong-day", "delivered_on": "2026-03-02"}
    new = await client.post(path, json=body)
    assert new.status_code == 201, new.text
    assert (new.json()["replaces_id"], new.json()["delivered_on"]) == (made["id"], "2026-03-02")
    for same in ("person_id", "service", "region", "resident_kind"):
        assert new.json()[same] == made[same]
    old = (await client.get(f"{RECORDS}/{made['id']}")).json()
    assert old["annulment_reason"] == "wrong-day"
    assert len(await events(app, "service-delivered")) == 2
    assert len(await events(app, "service-record-annulled")) == 1
    assert (await client.post(path, json=body)).status_code == 409


async def test_a_correction_that_may_not_be_changes_nothing(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    made = await record(client, new_id())
    path = f"{RECORDS}/{made['id']}/correction"
    for change, problem in (
        ({}, "nothing-to-correct"),
        ({"service": made["service"]}, "nothing-to-correct"),
        ({"service": "health-check"}, "consent-needed"),
        ({"region": "420381100"}, "outside-jurisdiction"),
    ):
        refused = await client.post(path, json={"reason": "wrong-service"} | change)
        assert refused.json()["type"].endswith(f"/{problem}"), refused.text
    assert (await client.get(f"{RECORDS}/{made['id']}")).json() == made
    assert await events(app, "service-record-annulled") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "she lied"},
        {"reason": "wrong-day", "delivered_on": "2099-01-01"},
        {"reason": "wrong-day", "result": "x"},
    ],
)
async def test_what_no_correction_is(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    made = await record(client, new_id())
    answer = await client.post(f"{RECORDS}/{made['id']}/correction", json=body)
    assert answer.status_code == 422


async def test_only_the_office_that_recorded_it_takes_it_back(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = new_id()
    made = await record(client, person)
    path = f"{RECORDS}/{made['id']}/annulment"
    body = {"reason": "not-delivered"}
    for claims, status in (
        (OTHER_OFFICE, 404),
        ({"scope": "migrant:read"}, 403),
        ({"scope": "self", "sub": str(person)}, 403),
        ({"scope": "migrant:write", "region": "420381"}, 404),
    ):
        answer = await client.post(path, json=body, headers=bearer(issuer, **claims))
        assert answer.status_code == status, claims
    del client.headers["Purpose"]
    assert (await client.post(path, json=body)).status_code == 400
