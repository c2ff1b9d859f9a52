"""Persons over HTTP: register, read, correct, search; and who looked."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory
from tests.registry.samples import make_person


@pytest.fixture
async def client(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(scope="registry:read registry:write")
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "registration", "Accept-Language": "en"}) as client,
    ):
        yield client


async def register(client: httpx.AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post("/registry/v1/persons", json=make_person(**overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_registered_person_can_be_read(client: httpx.AsyncClient) -> None:
    person = await register(client)
    answer = await client.get(f"/registry/v1/persons/{person['id']}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"1"'
    assert answer.json()["id_number"] == make_person()["id_number"]


async def test_purpose_is_required_and_masks(client: httpx.AsyncClient) -> None:
    person = await register(client)
    path = f"/registry/v1/persons/{person['id']}"
    del client.headers["Purpose"]
    refused = await client.get(path)
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("/purpose-required")
    masked = await client.get(path, headers={"Purpose": "service"})
    assert "*" in masked.json()["id_number"]


async def test_the_same_id_number_twice_is_a_conflict(client: httpx.AsyncClient) -> None:
    await register(client)
    again = await client.post("/registry/v1/persons", json=make_person())
    assert again.status_code == 409
    assert again.json()["type"].endswith("/already-registered")


async def test_idempotency_key_replays_the_first_answer(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/registry/v1/persons", json=make_person(), headers=key)
    again = await client.post("/registry/v1/persons", json=make_person(), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post("/registry/v1/persons", json=make_person(name="李娜"), headers=key)
    assert other.json()["type"].endswith("/idempotency-conflict")


async def test_a_correction_needs_the_version_that_was_read(client: httpx.AsyncClient) -> None:
    person = await register(client)
    path = f"/registry/v1/persons/{person['id']}"
    change = {"name": "王小芳", "reason": "户口簿为准"}
    assert (await client.patch(path, json=change)).status_code == 428
    done = await client.patch(path, json=change, headers={"If-Match": '"1"'})
    assert done.json()["name"] == "王小芳"
    assert done.headers["etag"] == '"2"'
    stale = await client.patch(path, json=change, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    history = (await client.get(f"{path}/history")).json()
    assert history["versions"][0]["fields"] == ["name"]


async def test_search_by_id_number_in_the_body(client: httpx.AsyncClient) -> None:
    person = await register(client)
    found = await client.post(
        "/registry/v1/person-searches", json={"id_number": make_person()["id_number"]}
    )
    assert [each["id"] for each in found.json()] == [person["id"]]


async def test_another_county_sees_nothing(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = await register(client)
    token = issuer.token(scope="registry:read", region="420381")
    answer = await client.get(
        f"/registry/v1/persons/{person['id']}", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 404


async def test_every_look_is_seen(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = await register(client)
    await client.get(f"/registry/v1/persons/{person['id']}", headers={"Purpose": "service"})
    token = issuer.token(scope="self", sub=person["id"])
    answer = await client.get(
        "/registry/datatracker/v2/findUsage",
        params={"userCode": person["id"]},
        headers={"Authorization": f"Bearer {token}", "X-Road-UserId": person["id"]},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["totalUsages"] == 2
    assert answer.json()["usages"][0]["action"].startswith("Delivering a service")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id_number": "420325199001011235"}, "body.id_number"),
        ({"birth_date": "1990-02-30"}, "body.birth_date"),
        ({"birth_date": "2090-01-01"}, "body.birth_date"),
        ({"hukou_region": "42"}, "body.hukou_region"),
        ({"name": "王\u202e芳"}, "body.name"),
        ({"unknown": 1}, "body.unknown"),
    ],
)
async def test_bad_fields_are_named(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await client.post("/registry/v1/persons", json=make_person() | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert "420325199001011235" not in answer.text


async def test_then_and_now_over_http(client: httpx.AsyncClient) -> None:
    person = await register(client)
    path = f"/registry/v1/persons/{person['id']}"
    registered = (await client.get(path)).json()["updated_at"]
    change = {"name": "王小芳", "reason": "改名", "changed_on": "2024-01-01"}
    assert (await client.patch(path, json=change, headers={"If-Match": '"1"'})).status_code == 200
    then = (await client.get(path, params={"on": "2023-12-31"})).json()
    assert (then["name"], then["on"], then["known_at"]) == ("王芳", "2023-12-31", None)
    believed = (await client.get(path, params={"known_at": registered})).json()
    assert believed["name"] == "王芳"
    both = {"known_at": registered, "on": "2024-06-01"}
    assert (await client.get(path, params=both)).json()["name"] == "王芳"
    assert (await client.get(path, params={"on": "2024-06-01"})).json()["name"] == "王小芳"
    assert (await client.get(path)).json()["name"] == "王小芳"
    history = await client.get(f"{path}/history", params={"known_at": registered})
    assert history.json()["versions"] == []


@pytest.mark.parametrize(
    ("params", "status", "problem"),
    [
        ({"on": "2999-01-01"}, 400, "malformed-request"),
        ({"on": "20240101"}, 400, "malformed-request"),
        ({"on": "1879-12-31"}, 404, "not-then"),
        ({"known_at": "2999-01-01T00:00:00Z"}, 400, "malformed-request"),
        ({"known_at": "2024-01-01T00:00:00"}, 400, "malformed-request"),  # of which time zone?
        ({"known_at": "1999-01-01T00:00:00Z"}, 404, "not-then"),
        ({"known_at": "1999-01-01T00:00:00Z", "on": "2024-01-01"}, 404, "not-then"),
    ],
)
async def test_moments_that_cannot_be_asked_about(
    client: httpx.AsyncClient, params: dict[str, str], status: int, problem: str
) -> None:
    person = await register(client)
    for path in ("", "/history"):
        answer = await client.get(f"/registry/v1/persons/{person['id']}{path}", params=params)
        assert answer.status_code == status, answer.text
        assert answer.json()["type"].endswith(f"/{problem}")


@pytest.mark.parametrize(
    "change",
    [
        {"changed_on": "2024-01-01"},
        {"changed_on": "2024-01-01", "birth_date": "1990-01-01"},
        {"changed_on": "2999-01-01", "name": "王小芳"},
        {"changed_on": "1879-12-31", "name": "王小芳"},
        {
            "changed_on": "2024-01-01",
            "residence": {"region": "420325100001", "kind": "usual", "since": "2024-01-01"},
        },
    ],
)
async def test_changes_that_are_none(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    person = await register(client)
    answer = await client.patch(
        f"/registry/v1/persons/{person['id']}",
        json={"reason": "核对"} | change,
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 422


async def test_a_residence_before_her_birth_is_refused(client: httpx.AsyncClient) -> None:
    home = {"region": "420325100001", "kind": "usual", "since": "1989-12-31"}
    answer = await client.post("/registry/v1/persons", json=make_person(residence=home))
    assert answer.status_code == 422


async def test_a_stay_is_corrected_over_http(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = await register(client)
    path = f"/registry/v1/persons/{person['id']}"
    (stay,) = (await client.get(f"{path}/history")).json()["residences"]
    address = f"{path}/residences/{stay['id']}"
    change = {"since": "2019-05-01", "reason": "房东证明"}
    for scope, region, status in (
        ("registry:read", "420325", 403),
        ("registry:write", "420381", 404),
    ):
        token = issuer.token(scope=scope, region=region)
        answer = await client.patch(
            address, json=change, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status
    for bad in ({"since": "2999-01-01"}, {"region": "420325999"}, {"until": "20240101"}, {}):
        assert (await client.patch(address, json=bad)).status_code == 422
    done = await client.patch(address, json=change)
    assert done.json()["since"] == "2019-05-01", done.text
    assert (await client.get(path)).json()["residence"]["since"] == "2019-05-01"
