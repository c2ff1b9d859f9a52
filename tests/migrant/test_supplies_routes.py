"""Free supplies over HTTP: points, stock, codes good at any of them, machines that were offline."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.supplies.cards import sheet_of
from services.migrant.supplies.rules import new_code
from services.migrant.supplies.schemas import CodesView
from shared.clock import today
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.places import PLACES
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE

BASE = "/migrant/v1/supply-"
MACHINE = "machine-7"


async def done(client: httpx.AsyncClient, what: str, body: dict[str, Any], **headers: str) -> Any:
    answer = await client.post(BASE + what, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def make_point(**overrides: Any) -> dict[str, Any]:
    return {
        "area": VILLAGE,
        "kind": "community-desk",
        "name_zh": "高碑社区服务站门口",
        "name_en": "Gaobei community station, at the door",
        "address": "高碑路1号",
        "note": "全天",
        "supplies": "machine",
        "machine": MACHINE,
    } | overrides


async def open_point(client: httpx.AsyncClient, **overrides: Any) -> str:
    answer = await client.post(PLACES, json=make_point(**overrides))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def move(client: httpx.AsyncClient, point: str, kind: str, quantity: int) -> httpx.Response:
    body = {
        "place_id": point,
        "item": "health-supplies",
        "kind": kind,
        "quantity": quantity,
        "day": str(today()),
    }
    return await client.post(BASE + "movements", json=body)


async def stocked(client: httpx.AsyncClient, quantity: int = 10, **overrides: Any) -> str:
    point = await open_point(client, **overrides)
    assert (await move(client, point, "received", quantity)).status_code == 201
    return point


async def draw(
    client: httpx.AsyncClient, count: int = 1, headers: dict[str, str] | None = None
) -> list[str]:
    return list((await done(client, "codes", {"count": count}, **headers or {}))["codes"])


def against(point: str, code: str, **overrides: Any) -> dict[str, Any]:
    return {"place_id": point, "code": code, "item": "health-supplies"} | overrides


async def on_hand(client: httpx.AsyncClient) -> dict[str, int]:
    stock = (await client.get(BASE + "stock")).json()
    return {each["place_id"]: each["on_hand"] for each in stock}


def machine(issuer: Issuer, **claims: Any) -> dict[str, str]:
    return bearer(issuer, **({"scope": "migrant:dispense", "sub": MACHINE} | claims))


async def test_a_code_drawn_anywhere_is_good_once_at_any_point(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    here = await stocked(client)
    there = await stocked(client, area=OTHER_VILLAGE, supplies="desk", machine=None)
    desk = bearer(issuer, scope="migrant:write", region="420325100")
    (code,) = await draw(client, 1, desk)
    elsewhere = bearer(issuer, scope="migrant:write", region="420325101", sub="clerk-2")
    given = await done(client, "dispensings", against(there, code, quantity=2), **elsewhere)
    assert given == {"answer": "dispensed"}
    again = await done(client, "dispensings", against(here, code), **machine(issuer))
    assert again == {"answer": "used-before"}
    assert await on_hand(client) == {here: 10, there: 8}
    unknown = await done(client, "dispensings", against(here, new_code()), **machine(issuer))
    assert unknown == {"answer": "unknown-code"}


async def test_a_code_used_at_two_points_at_the_same_moment_is_good_at_one(
    client: httpx.AsyncClient,
) -> None:
    points = [await stocked(client, machine=None) for _ in range(4)]
    (code,) = await draw(client)
    answers = await asyncio.gather(
        *(done(client, "dispensings", against(point, code)) for point in points)
    )
    assert sorted(each["answer"] for each in answers) == ["dispensed"] + ["used-before"] * 3
    assert sum((await on_hand(client)).values()) == 39


async def test_the_last_box_is_handed_out_once(client: httpx.AsyncClient) -> None:
    point = await stocked(client, 1)
    codes = await draw(client, 4)
    answers = await asyncio.gather(
        *(done(client, "dispensings", against(point, code)) for code in codes)
    )
    assert sorted(each["answer"] for each in answers) == ["dispensed"] + ["out-of-stock"] * 3
    assert await on_hand(client) == {point: 0}


async def test_a_machine_that_lost_the_answer_asks_again(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    point = await stocked(client)
    (code,) = await draw(client)
    own = machine(issuer) | {"Idempotency-Key": "0001"}
    answers = [await done(client, "dispensings", against(point, code), **own) for _ in range(2)]
    assert answers == [{"answer": "dispensed"}] * 2
    assert await on_hand(client) == {point: 9}


async def test_cards_are_printed_and_what_they_say_is_good(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[CodesView] = []

    async def sheet(codes: CodesView) -> bytes:
        drawn.append(codes)
        return await sheet_of(codes)

    monkeypatch.setattr("services.migrant.supplies.routes.sheet_of", sheet)
    answer = await client.post(BASE + "cards", json={"count": 11})
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["cache-control"] == "no-store"
    point = await stocked(client)
    (codes,) = drawn
    assert len(codes.codes) == 11
    given = await done(client, "dispensings", against(point, codes.codes[-1]))
    assert given == {"answer": "dispensed"}


async def test_an_old_code_is_told_to_be_over(client: httpx.AsyncClient, app: FastAPI) -> None:
    point = await stocked(client)
    (code,) = await draw(client)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE supply_codes SET expires_on = current_date - 2")
    assert (await done(client, "dispensings", against(point, code)))["answer"] == "expired"


async def test_an_empty_point_leaves_the_code_good(client: httpx.AsyncClient) -> None:
    empty = await open_point(client)
    (code,) = await draw(client)
    answer = await done(client, "dispensings", against(empty, code))
    assert answer == {"answer": "out-of-stock"}
    full = await stocked(client, machine=None)
    assert (await done(client, "dispensings", against(full, code)))["answer"] == "dispensed"


async def test_a_machine_that_was_alone_reports_later(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    point = await stocked(client, 3)
    first, second = await draw(client, 2)
    told = [
        {"reference": "1", "code": first, "item": "health-supplies", "day": str(today())},
        {"reference": "2", "code": first, "item": "health-supplies", "day": str(today())},
        {"reference": "3", "code": second, "item": "health-supplies", "day": str(today())},
        {"reference": "4", "code": new_code(), "item": "health-supplies", "day": str(today())},
    ]
    body = {"place_id": point, "dispensings": told}
    answers = (await done(client, "reports", body, **machine(issuer)))["items"]
    assert [each["answer"] for each in answers] == [
        "dispensed",
        "used-before",
        "dispensed",
        "unknown-code",
    ]
    # four boxes left the machine; the ledger knew of three, and does not go below nothing
    assert await on_hand(client) == {point: 0}
    again = (await done(client, "reports", body, **machine(issuer)))["items"]
    assert {each["answer"] for each in again} == {"reported-before"}
    (figure,) = (await client.get(BASE + "figures", params={"period": f"{today():%Y-%m}"})).json()
    assert figure == {
        "place_id": point,
        "name": "高碑社区服务站门口",
        "item": "health-supplies",
        "received": 3,
        "dispensed": 4,
        "written_off": 0,
        "difference": 0,
        "double_uses": 1,
        "unknown_codes": 1,
        "uncovered": 1,
    }


async def test_a_stopped_clock_neither_fails_nor_counts_years_back(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    point = await stocked(client)
    (code,) = await draw(client)
    told = {"reference": "1", "code": code, "item": "health-supplies", "day": "2001-01-01"}
    body = {"place_id": point, "dispensings": [told]}
    (answer,) = (await done(client, "reports", body, **machine(issuer)))["items"]
    assert answer["answer"] == "dispensed"
    old = await client.get(BASE + "figures", params={"period": "2001-01"})
    assert old.json() == []


async def test_the_ledger_and_the_low_stock_list(client: httpx.AsyncClient) -> None:
    point = await stocked(client, 20)
    assert (await move(client, point, "written-off", 2)).json()["change"] == -2
    assert (await move(client, point, "counted", 15)).json()["change"] == -3
    refused = await move(client, point, "written-off", 16)
    assert refused.status_code == 409
    assert (refused.json()["type"].rpartition("/")[2], refused.json()["on_hand"]) == (
        "more-than-in-stock",
        15,
    )
    level = {"place_id": point, "item": "health-supplies", "reorder_at": 14}
    assert (await done(client, "levels", level))["low"] is False
    low = {"low": True}
    assert (await client.get(BASE + "stock", params=low)).json() == []
    assert (await done(client, "levels", level | {"reorder_at": 15}))["low"] is True
    (line,) = (await client.get(BASE + "stock", params=low)).json()
    assert (line["place_id"], line["on_hand"], line["reorder_at"]) == (point, 15, 15)
    first = (await client.get(f"{PLACES}/{point}/supply-movements", params={"limit": 2})).json()
    rest = (
        await client.get(f"{PLACES}/{point}/supply-movements", params={"cursor": first["next"]})
    ).json()
    kinds = [each["kind"] for each in first["items"] + rest["items"]]
    assert kinds == ["counted", "written-off", "received"]
    (figure,) = (await client.get(BASE + "figures", params={"period": f"{today():%Y-%m}"})).json()
    assert (figure["received"], figure["written_off"], figure["difference"]) == (20, 2, -3)


async def test_points_open_close_and_are_found(client: httpx.AsyncClient, issuer: Issuer) -> None:
    point = await stocked(client)
    twice = await client.post(PLACES, json=make_point())
    assert twice.status_code == 409
    person = bearer(issuer, scope="self", sub="00000000-0000-7000-8000-000000000001")
    found = (await client.get(PLACES, params={"offer": "supplies"}, headers=person)).json()["items"]
    assert [each["id"] for each in found] == [point]
    assert (await client.get(BASE + "stock", headers=person)).status_code == 403
    closed = await client.post(
        f"{PLACES}/{point}/closure",
        json={"closed_on": str(today())},
        headers={"If-Match": '"1"'},
    )
    assert closed.json()["closed_on"] == str(today())
    assert (await client.get(PLACES)).json()["items"] == []
    assert (await move(client, point, "received", 1)).status_code == 409
    (code,) = await draw(client)
    answer = await client.post(BASE + "dispensings", json=against(point, code))
    assert answer.json()["type"].endswith("/place-closed")


async def test_a_machine_hands_out_at_its_own_point_and_does_nothing_else(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    point = await stocked(client)
    (code,) = await draw(client)
    body = against(point, code)
    other = await client.post(
        BASE + "dispensings", json=body, headers=machine(issuer, sub="machine-8")
    )
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (403, "not-your-machine")
    away = await client.post(
        BASE + "dispensings", json=body, headers=machine(issuer, region="420381")
    )
    assert away.status_code == 404
    own = machine(issuer)
    assert (await client.post(BASE + "codes", json={}, headers=own)).status_code == 403
    assert (await client.get(BASE + "stock", headers=own)).status_code == 403
    assert (await client.get("/migrant/v1/arrivals", headers=own)).status_code == 403
    assert (await done(client, "dispensings", body, **own))["answer"] == "dispensed"


async def test_a_person_draws_one_at_a_time_and_a_few_a_day(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    herself = bearer(issuer, scope="self", sub="00000000-0000-7000-8000-000000000002")
    many = await client.post(BASE + "codes", json={"count": 2}, headers=herself)
    assert many.json()["type"].endswith("/one-code-at-a-time")
    statuses = [
        (await client.post(BASE + "codes", json={}, headers=herself)).status_code for _ in range(4)
    ]
    assert statuses == [201, 201, 201, 429]
    elsewhere = bearer(issuer, scope="migrant:write", region="420381")
    refused = await client.post(BASE + "codes", json={}, headers=elsewhere)
    assert refused.json()["type"].endswith("/outside-jurisdiction")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("codes", {"count": 0}),
        ("codes", {"count": 501}),
        ("codes", {"person_id": "00000000-0000-7000-8000-000000000001"}),
        ("dispensings", {"code": "ABC"}),
        ("dispensings", {"item": "nothing-of-the-kind"}),
        ("dispensings", {"quantity": 0}),
        ("dispensings", {"person_id": "00000000-0000-7000-8000-000000000001"}),
    ],
)
async def test_what_cannot_be_asked(
    client: httpx.AsyncClient, what: str, body: dict[str, Any]
) -> None:
    whole = against("00000000-0000-7000-8000-000000000001", new_code())
    sent = body if what == "codes" else whole | body
    assert (await client.post(BASE + what, json=sent)).status_code == 422


async def test_more_than_a_code_stands_for(client: httpx.AsyncClient) -> None:
    point = await stocked(client)
    (code,) = await draw(client)
    answer = await client.post(BASE + "dispensings", json=against(point, code, quantity=3))
    assert (answer.status_code, answer.json()["most"]) == (409, 2)
    assert (await done(client, "dispensings", against(point, code)))["answer"] == "dispensed"


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    point = await stocked(client)
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(PLACES, json=make_point(), headers=reader)).status_code == 403
    outside = await client.post(PLACES, json=make_point(area="420381100"))
    assert outside.json()["type"].endswith("/outside-jurisdiction")
    away = bearer(issuer, scope="migrant:read migrant:write", region="420325101")
    assert (await client.get(f"{PLACES}/{point}/supply-movements", headers=away)).status_code == 404
    assert (await client.get(BASE + "stock", headers=away)).json() == []
    wrong = await client.get(BASE + "figures", params={"period": "2026-13"})
    assert wrong.status_code == 400
    items = await client.get(BASE + "items", headers={"Accept-Language": "zh"})
    assert {"code": "folic-acid", "name": "叶酸片"}.items() <= items.json()[1].items()
