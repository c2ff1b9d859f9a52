"""Equal-service figures over HTTP: migrants beside locals, nothing under ten."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.places import admin
from tests.migrant.samples import VILLAGE
from tests.migrant.test_services_routes import RECORDS, make_record

EQUAL = "/migrant/v1/equal-service"
PARITY = "/migrant/v1/budget-parity"
COUNTS = "/migrant/v1/population-counts"
BUDGETS = "/migrant/v1/service-budgets"
YEAR = {"period": "2026"}

_RECORD = """
INSERT INTO service_records (id, person_id, region, office, service, resident_kind, delivered_on,
                             recorded_at, recorded_by, annulled_at, annulment_reason)
VALUES ($1, $2, $3, 'org-test', $4, $5, $6, now(), 'clerk-1', $7::timestamptz,
        CASE WHEN $7 IS NULL THEN NULL ELSE 'recorded-twice' END)
"""
_REFERRAL = """
INSERT INTO referrals (id, number, person_id, region, office_region, service, department, office,
  place_id, from_office, by_herself, resident_kind, state, made_on, due_on, ended_on, recorded_at,
  recorded_by)
VALUES ($1, $2, $3, $4, $4, 'legal-aid', 'justice', 'office', $1, 'desk', false, $5, $6,
        $7::date, $7::date + 5, $7::date + $8::int, now(), 'clerk-1')
"""


def people(count: int) -> list[UUID]:
    return [new_id() for _ in range(count)]


async def serve(
    app: FastAPI,
    persons: Sequence[UUID],
    kind: str,
    *,
    service: str = "training",
    region: str = VILLAGE,
    on: date = date(2026, 2, 3),
    annulled: bool = False,
) -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        for person in persons:
            stamp = tx.now if annulled else None
            await tx.execute(_RECORD, new_id(), person, region, service, kind, on, stamp)


async def answer(app: FastAPI, days: Sequence[int], kind: str, state: str = "served") -> None:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        for each in days:
            id = new_id()
            made = date(2026, 3, 1)
            await tx.execute(_REFERRAL, id, str(id), new_id(), VILLAGE, kind, state, made, each)


async def count(
    client: httpx.AsyncClient, issuer: Issuer, kind: str, number: int, **overrides: Any
) -> httpx.Response:
    body = {
        "area": "420325",
        "resident_kind": kind,
        "on_day": "2026-06-30",
        "people": number,
        "source": "公安机关2026年半年报",
    } | overrides
    return await client.put(COUNTS, json=body, headers=admin(issuer))


async def spend(
    client: httpx.AsyncClient, issuer: Issuer, heading: str, kind: str, fen: int, **more: Any
) -> httpx.Response:
    body = {
        "area": "420325",
        "year": 2026,
        "heading": heading,
        "resident_kind": kind,
        "amount_fen": fen,
        "source": "2026年预算第3表",
    } | more
    return await client.put(BUDGETS, json=body, headers=admin(issuer))


async def test_migrants_beside_locals(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    assert (await count(client, issuer, "usual", 2000)).status_code == 200
    await count(client, issuer, "migrant", 1000)
    await count(client, issuer, "migrant", 5, on_day="2020-01-01")  # older: not the one used
    locals_, migrants = people(40), people(13)
    await serve(app, locals_, "usual")
    await serve(app, locals_[:20], "usual")  # twenty came twice
    await serve(app, migrants, "migrant")
    await serve(app, people(30), "migrant", on=date(2025, 12, 31))  # another year
    await serve(app, people(30), "migrant", annulled=True)
    answer = await client.get(EQUAL, params=YEAR)
    assert answer.status_code == 200, answer.text
    view = answer.json()
    (training,) = view["services"]
    assert training == {
        "service": "training",
        "name": "Training",
        "usual": {"people": 40, "deliveries": 60, "per_1000": 20.0},
        "migrant": {"people": 15, "deliveries": 15, "per_1000": 15.0},
        "ratio": 0.75,
    }
    assert view["bases"]["migrant"]["people"] == 1000
    assert view["bases"]["migrant"]["source"] == "公安机关2026年半年报"
    assert (view["since"], view["until"]) == ("2026-01-01", "2026-12-31")


async def test_fewer_than_ten_people_are_not_shown_however_often_they_came(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    few = people(9)
    for _ in range(3):
        await serve(app, few, "migrant")
    await serve(app, people(10), "usual")
    await serve(app, people(3), "usual", service="legal-aid")
    await count(client, issuer, "migrant", 1000)
    services = (await client.get(EQUAL, params=YEAR)).json()["services"]
    by_name = {each["service"]: each for each in services}
    hidden = {"people": None, "deliveries": None, "per_1000": None}
    assert by_name["training"]["migrant"] == hidden
    assert by_name["training"]["usual"]["people"] == 10
    assert by_name["training"]["ratio"] is None
    assert by_name["legal-aid"]["usual"] == by_name["legal-aid"]["migrant"] == hidden


async def test_without_an_entered_number_of_people_there_is_no_rate(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    await serve(app, people(20), "usual")
    (training,) = (await client.get(EQUAL, params=YEAR)).json()["services"]
    assert (training["usual"]["people"], training["usual"]["per_1000"]) == (20, None)


async def test_quarters_months_and_townships(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await serve(app, people(10), "usual", on=date(2026, 2, 28))
    await serve(app, people(12), "usual", on=date(2026, 3, 31), region="420325101001")

    async def shown(**params: str) -> list[int | None]:
        view = (await client.get(EQUAL, params=params)).json()
        return [each["usual"]["people"] for each in view["services"]]

    assert await shown(period="2026-Q1") == [20]
    assert await shown(period="2026-02") == [10]
    assert await shown(period="2026-04") == []
    assert await shown(period="2026-Q1", region="420325101") == [10]
    town = bearer(issuer, scope="migrant:read", region="420325101")
    own = (await client.get(EQUAL, params={"period": "2026"}, headers=town)).json()
    assert (own["region"], own["services"][0]["usual"]["people"]) == ("420325101", 10)


async def test_how_long_referrals_took(client: httpx.AsyncClient, app: FastAPI) -> None:
    await answer(app, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "usual")
    await answer(app, [1] * 9, "migrant")
    await answer(app, [50] * 20, "usual", state="withdrawn")  # her own wish, no answer
    view = (await client.get(EQUAL, params=YEAR)).json()["referrals"]
    assert view["usual"] == {"answered": 10, "median_days": 6.0, "in_time_percent": 45}
    assert view["migrant"] == {"answered": None, "median_days": None, "in_time_percent": None}


def cells(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def drawn(answer: httpx.Response) -> str:
    assert answer.headers["content-type"].startswith("image/svg+xml")
    ElementTree.fromstring(answer.text)
    return answer.text


async def test_as_a_table_and_as_a_picture_in_both_languages(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await serve(app, people(20), "usual")
    await serve(app, people(4), "migrant")
    asked = YEAR | {"format": "csv"}
    rows = cells(await client.get(EQUAL, params=asked))
    assert rows[0][:4] == ["service", "locals people", "locals deliveries", "locals per 1,000"]
    assert rows[1] == ["Training", "20", "20", "", "", "", "", ""]
    chinese = cells(await client.get(EQUAL, params=asked, headers={"Accept-Language": "zh"}))
    assert chinese[0][0] == "服务" and chinese[1][0] == "技能培训"
    picture = drawn(await client.get(EQUAL, params=YEAR | {"format": "svg"}))
    assert "Training: 20" in picture and "no population entered" in picture
    await count(client, issuer, "usual", 1000)
    await count(client, issuer, "migrant", 1000)
    rated = drawn(
        await client.get(EQUAL, params=YEAR | {"format": "svg"}, headers={"Accept-Language": "zh"})
    )
    assert "每千人服务人数" in rated and "技能培训: 20" in rated
    empty = drawn(await client.get(EQUAL, params={"period": "2020", "format": "svg"}))
    assert "nothing to show" in empty


# money


async def test_spent_a_head(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await count(client, issuer, "usual", 2000)
    await count(client, issuer, "migrant", 1000)
    await spend(client, issuer, "公共卫生", "usual", 2_000_000)
    await spend(client, issuer, "公共卫生", "migrant", 500_000)
    assert (await spend(client, issuer, "公共卫生", "migrant", 800_000)).status_code == 200
    await spend(client, issuer, "就业", "migrant", 200_000)
    view = (await client.get(PARITY, params={"year": 2026})).json()
    heads = {each["heading"]: each for each in view["headings"]}
    health = heads["公共卫生"]
    assert (health["usual"]["per_head_fen"], health["migrant"]["per_head_fen"]) == (1000, 800)
    assert (health["ratio"], health["migrant"]["source"]) == (0.8, "2026年预算第3表")
    assert heads["就业"]["usual"]["amount_fen"] is None
    assert view["total"]["migrant"]["amount_fen"] == 1_000_000
    assert view["total"]["ratio"] == 1.0
    listed = (await client.get(BUDGETS, params={"year": 2026})).json()
    assert [each["amount_fen"] for each in listed] == [800_000, 2_000_000, 200_000]
    rows = cells(await client.get(PARITY, params={"year": 2026, "format": "csv"}))
    assert rows[-1][0] == "Total"
    assert rows[1][4:6] == ["800000", "800"]
    assert "yuan a head" in drawn(await client.get(PARITY, params={"year": 2026, "format": "svg"}))
    other = (await client.get(PARITY, params={"year": 2025})).json()
    assert (other["headings"], other["total"]["usual"]["amount_fen"]) == ([], None)


async def test_the_same_day_again_replaces_the_number(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    for number in (900, 1000):
        await count(client, issuer, "migrant", number)
    await count(client, issuer, "migrant", 800, on_day="2026-03-31")
    listed = (await client.get(COUNTS)).json()
    assert [each["people"] for each in listed] == [1000, 800]


@pytest.mark.parametrize(
    "params",
    [{}, {"period": "2026-13"}, {"period": "x"}, {"period": "2026", "format": "exe"}],
)
async def test_bad_questions(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get(EQUAL, params=params)).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"people": -1},
        {"people": 1.5},
        {"on_day": "2099-01-01"},
        {"resident_kind": "floating"},
        {"source": ""},
        {"area": "42"},
    ],
)
async def test_what_is_no_count(
    client: httpx.AsyncClient, issuer: Issuer, change: dict[str, Any]
) -> None:
    kind = change.pop("resident_kind", "usual")
    number = change.pop("people", 10)
    assert (await count(client, issuer, kind, number, **change)).status_code == 422


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = make_record(new_id())
    assert (await client.post(RECORDS, json=body)).status_code == 201
    outside = await count(client, issuer, "usual", 10, area="420381")
    assert outside.json()["type"].endswith("/outside-jurisdiction")
    assert (await spend(client, issuer, "x", "usual", -1)).status_code == 422
    assert (
        (await spend(client, issuer, "x", "usual", 1, area="420381"))
        .json()["type"]
        .endswith("/outside-jurisdiction")
    )
    assert (await client.put(COUNTS, json={})).status_code == 403
    stranger = bearer(issuer, scope="migrant:read", region="310101")
    own = bearer(issuer, scope="self", sub=str(new_id()))
    for path in (f"{EQUAL}?period=2026", f"{PARITY}?year=2026", COUNTS, f"{BUDGETS}?year=2026"):
        for who in (stranger, own):
            assert (await client.get(path, headers=who)).status_code == 403
    elsewhere = await client.get(EQUAL, params=YEAR | {"region": "420381"})
    assert elsewhere.json()["type"].endswith("/outside-jurisdiction")
