"""Work units over HTTP: entering, sizes over time, tiers, and who works there."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import ServiceFactory, parts_of
from tests.registry.grid_samples import (
    HERE,
    OTHER_TOWNSHIP,
    PATH,
    THERE,
    credit_code,
    done,
    make_head,
    make_size,
    make_unit,
    make_workplace,
    read,
)

pytestmark = pytest.mark.usefixtures("fresh_regions")
SERVICE = {"Purpose": "service"}


@pytest.fixture
async def app(start_service: ServiceFactory) -> Any:
    async with start_service("registry") as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, issuer: Issuer) -> Any:
    token = issuer.token(scope="registry:read registry:write")
    headers = {"Purpose": "registration", "Accept-Language": "en"}
    async with client_of(app, token, headers) as client:
        yield client


async def said(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    rows = await parts_of(app).database.pool.fetch(
        "SELECT payload::jsonb->'data' AS data FROM outbox"
        " WHERE payload::jsonb->>'type' = $1 ORDER BY id",
        f"yipan.registry.{kind}.v1",
    )
    return [row["data"] for row in rows]


async def test_a_unit_is_entered_and_read(client: httpx.AsyncClient) -> None:
    unit = await done(client, "work-units", make_unit())
    assert (unit["tier"], unit["responsible"], unit["staff"]) == ("community", HERE, None)
    answer = await client.get(f"{PATH}/work-units/{unit['id']}")
    assert answer.json() == unit
    assert answer.headers["etag"] == '"1"'


async def test_responsibility_changes_at_once_when_the_size_crosses_a_standard(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"work-units/{unit['id']}/sizes"
    responsible = []
    for staff, since in ((99, "2024-01-01"), (100, "2024-06-01"), (1000, "2025-01-01")):
        after = await done(client, path, make_size(staff, since), 200)
        responsible.append((after["tier"], after["responsible"]))
    assert responsible == [
        ("community", HERE),
        ("township", "420325100"),
        ("county", "420325"),
    ]
    moves = [(e["from_tier"], e["to_tier"]) for e in await said(app, "work-unit-tier-changed")]
    assert moves == [("community", "township"), ("township", "county")]
    assert [(s["staff"], s["since"], s["until"], s["tier"]) for s in await read(client, path)] == [
        (1000, "2025-01-01", None, "county"),
        (100, "2024-06-01", "2025-01-01", "township"),
        (99, "2024-01-01", "2024-06-01", "community"),
    ]


async def test_a_size_told_late_changes_the_past_and_not_the_present(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"work-units/{unit['id']}/sizes"
    await done(client, path, make_size(50, "2024-01-01"), 200)
    await done(client, path, make_size(80, "2025-01-01"), 200)
    after = await done(client, path, make_size(500, "2024-07-01"), 200)
    assert (after["tier"], after["staff"]) == ("community", 80)
    spans = [(s["since"], s["until"], s["staff"]) for s in await read(client, path)]
    assert spans == [
        ("2025-01-01", None, 80),
        ("2024-07-01", "2025-01-01", 500),
        ("2024-01-01", "2024-07-01", 50),
    ]
    assert await said(app, "work-unit-tier-changed") == []


async def test_a_corrected_size_keeps_what_was_believed_before(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"work-units/{unit['id']}/sizes"
    await done(client, path, make_size(1200), 200)
    after = await done(client, path, make_size(120, permanent=20, contract=100), 200)
    assert after["tier"] == "township"
    assert len(await read(client, path)) == 1
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        before = await tx.fetch("SELECT fact FROM earlier_facts WHERE kind = 'work_unit_sizes'")
    assert [row["fact"]["staff"] for row in before] == [1200]


async def test_a_county_changes_the_standard_and_its_units_follow(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    await done(client, f"work-units/{unit['id']}/sizes", make_size(400), 200)
    answer = await client.put(
        f"{PATH}/service-limits/unit-county-staff",
        json={"region": "420325", "value": 300, "source": "县政府文件 2026 年 1 号"},
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["value"], answer.json()["region"]) == (300, "420325")
    assert (await read(client, f"work-units/{unit['id']}"))["tier"] == "county"
    assert len(await said(app, "work-unit-tier-changed")) == 2
    limits = {each["code"]: each for each in await read(client, "service-limits")}
    assert limits["unit-county-staff"]["source"] == "县政府文件 2026 年 1 号"
    assert limits["unit-township-staff"]["region"] is None  # as shipped


async def test_the_smallest_area_that_set_a_standard_decides(client: httpx.AsyncClient) -> None:
    for region, value in (("420325", 600), ("420325100", 500)):
        answer = await client.put(
            f"{PATH}/service-limits/unit-county-staff",
            json={"region": region, "value": value, "source": "文件若干"},
        )
        assert answer.status_code == 200
    tiers = []
    for order, region in enumerate((HERE, OTHER_TOWNSHIP), start=1):
        unit = await done(client, "work-units", make_unit(order, region=region))
        unit = await done(client, f"work-units/{unit['id']}/sizes", make_size(550), 200)
        tiers.append(unit["tier"])
    assert tiers == ["county", "township"]


async def test_standards_that_contradict_each_other(client: httpx.AsyncClient) -> None:
    answer = await client.put(
        f"{PATH}/service-limits/liaison-households-most",
        json={"region": "420325", "value": 8, "source": "文件若干"},
    )
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("contradictory-limits")


async def test_units_by_tier_and_kind(client: httpx.AsyncClient) -> None:
    market = make_unit(1, kind="market", stalls=120, service_point="市场二楼服务台")
    await done(client, "work-units", market)
    await done(client, "work-units", make_unit(2, bureau_level=True))
    await done(client, "work-units", make_unit(3, region=THERE))
    for query, found in (
        ("kind=market", [1]),
        ("tier=county", [2]),
        (f"region={HERE}", [1, 2]),
        (f"credit_code={credit_code(3)}", [3]),
    ):
        items = (await read(client, f"work-units?{query}"))["items"]
        assert [each["credit_code"] for each in items] == [credit_code(n) for n in found], query
    first = await read(client, "work-units?limit=2")
    rest = await read(client, f"work-units?limit=2&cursor={first['next']}")
    assert len(first["items"]) == 2
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert first["items"][0]["service_point"] == "市场二楼服务台"


async def test_a_unit_is_corrected_moved_and_closed(client: httpx.AsyncClient) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"{PATH}/work-units/{unit['id']}"
    moved = await client.patch(
        path, json={"region": THERE, "bureau_level": True}, headers={"If-Match": '"1"'}
    )
    assert moved.status_code == 200, moved.text
    assert (moved.json()["region"], moved.json()["tier"]) == (THERE, "county")
    stale = await client.patch(path, json={"name": "二厂"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    etag = moved.headers["etag"]
    closed = await client.patch(path, json={"closed_on": "2026-01-01"}, headers={"If-Match": etag})
    assert closed.json()["closed_on"] == "2026-01-01"
    late = await client.post(f"{path}/sizes", json=make_size(10))
    assert late.status_code == 409
    await done(client, "work-units", make_unit())  # the code is free again


@pytest.mark.parametrize(
    "wrong",
    [
        {"credit_code": "91350100M000100Y4Z"},  # a published failing example of GB 32100
        {"credit_code": "91350100M000100Y4"},
        {"name": "x"},
        {"name": "厂\u202e"},
        {"region": "420325100"},  # not down to the village
        {"region": "420325199999"},  # no such place
        {"kind": "casino"},
        {"stalls": 3},  # of what is no market
        {"fertility_officer": "x"},
    ],
)
async def test_bad_units_are_refused(client: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await client.post(f"{PATH}/work-units", json=make_unit() | wrong)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff": -1},
        {"staff": 1.5},
        {"since": "1879-12-31"},
        {"since": "2999-01-01"},
        {"since": "20240101"},
        {"permanent": 60, "temporary": 60},
        {"source": ""},
    ],
)
async def test_bad_sizes_are_refused(client: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    unit = await done(client, "work-units", make_unit())
    answer = await client.post(f"{PATH}/work-units/{unit['id']}/sizes", json=make_size(100) | wrong)
    assert answer.status_code == 422, answer.text


async def test_each_unit_of_a_batch_stands_by_itself(client: httpx.AsyncClient) -> None:
    units = [
        make_unit(1),
        make_unit(2, credit_code="91350100M000100Y4Z"),
        make_unit(1),
        make_unit(3, region="420381"),
        make_unit(4, region=OTHER_TOWNSHIP),
        make_unit(5),
    ]
    body = {"region": "420325100", "units": units}
    answer = await client.post(f"{PATH}/work-units/batch", json=body)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert (made["accepted"], made["refused"]) == (2, 4)
    assert [each["problem"] and each["problem"]["status"] for each in made["items"]] == [
        None,
        422,
        409,
        422,
        403,
        None,
    ]
    assert "91350100M000100Y4Z" not in answer.text
    assert len((await read(client, "work-units"))["items"]) == 2


async def test_who_works_at_a_unit_now_and_on_a_day(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    unit = await done(client, "work-units", make_unit())
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        people = [await make_head(tx, await _household(tx), None) for _ in range(3)]
        await make_workplace(tx, people[0], employer_code=credit_code())
        await make_workplace(tx, people[1], work_unit_id=unit["id"], until=date(2025, 1, 1))
        await make_workplace(tx, people[2], employer_code=credit_code(9))
    path = f"work-units/{unit['id']}/workers"
    now = await read(client, path, **SERVICE)
    assert [each["person_id"] for each in now["items"]] == [str(people[0])]
    then = await read(client, f"{path}?on=2024-06-01&limit=1", **SERVICE)
    rest = await read(client, f"{path}?on=2024-06-01&cursor={then['next']}", **SERVICE)
    found = [each["person_id"] for each in then["items"] + rest["items"]]
    assert sorted(found) == sorted(map(str, people[:2]))
    assert (await read(client, f"{path}?on=2023-12-31", **SERVICE))["items"] == []
    looks = await parts.database.pool.fetch(
        "SELECT subject_id, kind, purpose FROM usage_entries WHERE kind = 'workplace'"
    )
    assert [row["subject_id"] for row in looks].count(people[0]) == 2
    assert {row["purpose"] for row in looks} == {"service"}


async def _household(tx: Any) -> Any:
    id_ = new_id()
    await tx.execute(
        "INSERT INTO households (id, version, region, county, created_at, created_by)"
        " VALUES ($1, 1, $2, '420325', $3, 'test')",
        id_,
        HERE,
        tx.now,
    )
    return id_


async def test_an_employer_never_sees_the_registers_list(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    unit = await done(client, "work-units", make_unit())
    path = f"{PATH}/work-units/{unit['id']}/workers"
    token = issuer.token(scope="migrant:employ", org=credit_code())
    async with client_of(app, token, {"Purpose": "employment"}) as employer:
        assert (await employer.get(path)).status_code == 403
    wrong = await client.get(path, headers={"Purpose": "employment"})
    assert wrong.status_code == 403
    assert wrong.json()["type"].endswith("wrong-purpose")


async def test_the_list_of_people_needs_a_purpose(app: FastAPI, issuer: Issuer) -> None:
    async with client_of(app, issuer.token(scope="registry:read")) as client:
        answer = await client.get(f"{PATH}/work-units/{new_id()}/workers")
    assert answer.status_code == 400


async def test_scope_and_jurisdiction(
    app: FastAPI, client: httpx.AsyncClient, issuer: Issuer
) -> None:
    unit = await done(client, "work-units", make_unit())
    reading = issuer.token(scope="registry:read")
    foreign = issuer.token(scope="registry:read registry:write", region="420381")
    township = issuer.token(scope="registry:read registry:write", region="420325101")
    async with client_of(app, reading) as client:
        assert (await client.post(f"{PATH}/work-units", json=make_unit(2))).status_code == 403
    for token in (foreign, township):
        async with client_of(app, token, SERVICE) as client:
            for way in ("", "/sizes", "/workers", "/staff"):
                answer = await client.get(f"{PATH}/work-units/{unit['id']}{way}")
                assert answer.status_code == 404, way
            assert (await client.post(f"{PATH}/work-units", json=make_unit(2))).status_code == 403
            batch = {"region": HERE, "units": [make_unit(2)]}
            assert (await client.post(f"{PATH}/work-units/batch", json=batch)).status_code == 403
            limit = await client.put(
                f"{PATH}/service-limits/unit-county-staff",
                json={"region": "420325", "value": 300, "source": "文件若干"},
            )
            assert limit.status_code == 403
