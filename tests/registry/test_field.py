"""Batches from devices that were offline: each item by itself, nothing overwritten in silence."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.field.rules import changed_since, contradicted, field_of
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory
from tests.registry.samples import id_number, make_person

CAPTURED = "2026-03-01T09:00:00+08:00"
EAST, WEST = "420325100001", "420325100002"


def item(kind: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "item_id": str(new_id()),
        "kind": kind,
        "captured_at": CAPTURED,
        "body": body,
    } | more


def another(order: int, **overrides: Any) -> dict[str, Any]:
    number = id_number(f"42032519900101{order:03d}")
    sex = "1" if order % 2 else "2"
    return make_person(id_number=number, sex=sex, phone=f"139000{order:05d}", **overrides)


async def send(client: httpx.AsyncClient, *items: dict[str, Any]) -> list[dict[str, Any]]:
    response = await client.post("/registry/v1/field-batches", json={"items": list(items)})
    assert response.status_code == 200, response.text
    result = response.json()
    outcomes = [each["outcome"] for each in result["items"]]
    assert [result["applied"], result["conflicts"], result["refused"]] == [
        outcomes.count(each) for each in ("applied", "conflict", "refused")
    ]
    answers: list[dict[str, Any]] = result["items"]
    return answers


async def test_each_item_is_applied_or_refused_by_itself(client: httpx.AsyncClient) -> None:
    dwelling = {
        "region": EAST,
        "building": "7",
        "use": "rental",
        "rooms": [{"number": "101", "capacity": 2}],
    }
    good, wrong, twice, home = await send(
        client,
        item("register-person", another(122)),
        item("register-person", another(124, birth_date="2999-01-01")),
        item("register-person", another(122)),
        item("register-dwelling", dwelling),
    )
    assert (good["outcome"], good["version"]) == ("applied", 1)
    assert (await client.get(f"/registry/v1/persons/{good['id']}")).status_code == 200
    assert wrong["problem"]["type"] == "malformed-body"
    assert [each["field"] for each in wrong["problem"]["errors"]] == ["birth_date"]
    assert wrong["problem"]["errors"][0]["reason"]["zh"].startswith("日期应在")
    assert (twice["outcome"], twice["problem"]["type"]) == ("refused", "already-registered")
    assert (home["outcome"], UUID(home["id"]).version) == ("applied", 7)


async def test_a_refused_item_leaves_no_trace(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    bad, good = another(126), another(126)
    bad["household_id"] = str(new_id())
    token = issuer.token(scope="registry:write")
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "registration"}) as client,
    ):
        (refused,) = await send(client, item("register-person", bad))
        assert refused["problem"]["type"] == "not-found"
        (applied,) = await send(client, item("register-person", good))
        assert applied["outcome"] == "applied"
        async with app.state.database.acquire() as connection:
            events = await connection.fetch("SELECT payload FROM outbox")
            looks = await connection.fetchval("SELECT count(*) FROM usage_entries")
    assert ["person-registered" in each["payload"] for each in events] == [True]
    assert looks == 1


async def test_sent_again_an_item_gives_the_same_answer(client: httpx.AsyncClient) -> None:
    sent = item("register-person", another(128))
    (first,), (again,) = await send(client, sent), await send(client, sent)
    assert again == first | {"repeated": True}
    other = sent | {"body": another(130)}
    (refused,) = await send(client, other)
    assert refused["problem"]["type"] == "idempotency-conflict"


async def test_other_fields_changed_meanwhile_are_kept(client: httpx.AsyncClient) -> None:
    person = (await client.post("/registry/v1/persons", json=another(132))).json()
    await correct(client, person["id"], 1, {"name": "王方", "reason": "笔误"})
    phone = {"phone": "13900009999", "reason": "入户采集"}
    (answer,) = await send(client, item("correct-person", phone, person_id=person["id"], version=1))
    assert (answer["outcome"], answer["merged"], answer["version"]) == ("applied", True, 3)
    record = (await client.get(f"/registry/v1/persons/{person['id']}")).json()
    assert (record["name"], record["phone"]) == ("王方", "13900009999")


async def test_the_same_field_changed_meanwhile_is_a_conflict(client: httpx.AsyncClient) -> None:
    person = (await client.post("/registry/v1/persons", json=another(134))).json()
    await correct(client, person["id"], 1, {"name": "王方", "reason": "笔误"})
    mine = {"name": "王芬", "reason": "入户采集"}
    (answer,) = await send(client, item("correct-person", mine, person_id=person["id"], version=1))
    assert (answer["outcome"], answer["version"], answer["fields"]) == ("conflict", 2, ["name"])
    record = (await client.get(f"/registry/v1/persons/{person['id']}")).json()
    assert (record["name"], record["version"]) == ("王方", 2)
    (solved,) = await send(client, item("correct-person", mine, person_id=person["id"], version=2))
    assert (solved["outcome"], solved["merged"]) == ("applied", False)


async def test_a_move_meanwhile_conflicts_with_a_move(client: httpx.AsyncClient) -> None:
    person = (await client.post("/registry/v1/persons", json=another(136))).json()
    there = {"region": WEST, "kind": "usual", "since": today().isoformat()}
    await correct(client, person["id"], 1, {"residence": there, "reason": "搬家"})
    elsewhere = {"region": "420325101001", "kind": "usual", "since": today().isoformat()}
    moved = {"residence": elsewhere, "reason": "入户采集"}
    (answer,) = await send(client, item("correct-person", moved, person_id=person["id"], version=1))
    assert (answer["outcome"], answer["fields"]) == ("conflict", ["residence"])


async def test_a_version_that_never_was_is_refused(client: httpx.AsyncClient) -> None:
    person = (await client.post("/registry/v1/persons", json=another(138))).json()
    wish = {"name": "王方", "reason": "笔误"}
    (answer,) = await send(client, item("correct-person", wish, person_id=person["id"], version=9))
    assert answer["problem"]["type"] == "stale-version"


async def test_a_community_worker_reports_but_does_not_register(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    token = issuer.token(scope="registry:report")
    birth = {
        "reference": "手机-1",
        "region": EAST,
        "reporter": "community",
        "born_on": "2026-02-28",
        "sex": "1",
        "mother": {"name": "王芳", "id_number": id_number()},
    }
    async with (
        start_service("registry") as app,
        client_of(app, token, {"Purpose": "registration"}) as client,
    ):
        report, person = await send(
            client, item("report-birth", birth), item("register-person", another(140))
        )
    assert report["outcome"] == "applied", report
    assert (person["outcome"], person["problem"]["status"]) == ("refused", 403)


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": [item("measure-person", {})]},
        {"items": [item("correct-person", {})]},
        {"items": [item("register-person", {}, person_id=str(new_id()), version=1)]},
        {"items": [item("register-person", {}, captured_at="2999-01-01T00:00:00Z")]},
        {"items": [item("register-person", {}, captured_at="2026-01-01T00:00:00")]},
        {"items": [item("register-person", {})] * 201},
    ],
)
async def test_a_malformed_batch_is_refused_whole(client: httpx.AsyncClient, wrong: Any) -> None:
    assert (await client.post("/registry/v1/field-batches", json=wrong)).status_code == 422


async def test_the_door_asks_for_purpose_and_scope(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    batch = {"items": [item("register-person", another(142))]}
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    path = "/registry/v1/field-batches"
    assert (await client.post(path, json=batch, headers=reader)).status_code == 403
    client.headers.pop("Purpose")
    assert (await client.post(path, json=batch)).status_code == 400


def test_what_changed_since_a_version() -> None:
    kept = {1: ["name"], 3: ["id_number_sealed", "id_number_index"]}
    assert changed_since(1, 4, kept) == {"name", "residence", "id_number"}
    assert changed_since(3, 4, kept) == {"id_number"}
    assert changed_since(4, 4, kept) == set()
    assert contradicted({"name", "phone"}, {"name", "residence"}) == ["name"]
    assert [field_of(each) for each in ("phone_index", "room_id", "sex")] == [
        "phone",
        "residence",
        "sex",
    ]


async def correct(client: httpx.AsyncClient, person_id: str, version: int, body: Any) -> None:
    response = await client.patch(
        f"/registry/v1/persons/{person_id}", json=body, headers={"If-Match": f'"{version}"'}
    )
    assert response.status_code == 200, response.text
