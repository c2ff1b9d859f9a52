"""Limits of the county: read, set with the document that says so, and obeyed from then on."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.limits.rules import SHIPPED, Limit
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.logins import login
from tests.migrant.places import admin
from tests.migrant.samples import VILLAGE
from tests.migrant.test_accounts_routes import problem
from tests.migrant.test_appointments_waiting import WAITS, full, make_wait, wait
from tests.migrant.test_self_registrations_routes import FORMS, fill_in
from tests.migrant.test_self_registrations_rules import make_form

LIMITS = "/migrant/v1/service-limits"
SOURCE = "县人社局〔2026〕3号"


async def put(
    client: httpx.AsyncClient, headers: dict[str, str], code: str, **change: Any
) -> httpx.Response:
    body = {"region": "420325", "value": 3, "source": SOURCE} | change
    return await client.put(f"{LIMITS}/{code}", json=body, headers=headers)


async def set_limit(
    client: httpx.AsyncClient, issuer: Issuer, code: str, value: int, region: str = "420325"
) -> dict[str, Any]:
    answer = await put(client, admin(issuer), code, value=value, region=region)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def read(client: httpx.AsyncClient, region: str) -> dict[str, tuple[int, str | None]]:
    answer = await client.get(LIMITS, params={"region": region})
    return {each["code"]: (each["value"], each["region"]) for each in answer.json()}


def test_every_limit_is_shipped_within_its_bounds_with_its_source() -> None:
    assert set(SHIPPED) == set(Limit)
    for each in SHIPPED.values():
        assert each.least <= each.value <= each.most
        assert each.source and each.zh and each.en


async def test_the_smallest_area_that_set_one_decides(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    town = VILLAGE[:9]
    assert (await read(client, town))["waits-each"] == (5, None)
    said = await set_limit(client, issuer, "waits-each", 4)
    assert (said["value"], said["region"], said["source"]) == (4, "420325", SOURCE)
    await set_limit(client, issuer, "waits-each", 2, region=town)
    assert (await read(client, VILLAGE))["waits-each"] == (2, town)
    assert (await read(client, "420325101"))["waits-each"] == (4, "420325")
    await set_limit(client, issuer, "waits-each", 6)
    assert (await read(client, "420325"))["waits-each"] == (6, "420325")


async def test_a_person_waits_for_as_many_as_her_county_says(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await set_limit(client, issuer, "waits-each", 1)
    person = new_id()
    await wait(client, person, (await full(client))[0])
    more = await client.post(WAITS, json=make_wait(person, (await full(client))[0]))
    assert problem(more) == (409, "too-many-waits")
    assert more.json()["most"] == 1


async def test_a_login_sends_as_many_forms_as_its_county_says(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await set_limit(client, issuer, "forms-each-day", 1)
    her = login(issuer)
    made = await fill_in(client, her)
    await client.post(f"{FORMS}/{made['id']}/withdrawal", headers=her)
    assert problem(await client.post(FORMS, json=make_form(), headers=her)) == (
        429,
        "too-many-today",
    )


@pytest.mark.parametrize(
    ("code", "change", "expected"),
    [
        ("waits-each", {"value": 0}, (422, "limit-out-of-bounds")),
        ("waits-each", {"value": 51}, (422, "limit-out-of-bounds")),
        ("answer-from-hour", {"value": 20}, (409, "contradictory-limits")),
        ("answer-until-hour", {"value": 8}, (409, "contradictory-limits")),
        ("answer-until-hour", {"value": 25}, (422, "limit-out-of-bounds")),
        ("waits-each", {"value": "5"}, (422, "malformed-body")),
        ("waits-each", {"source": "x"}, (422, "malformed-body")),
        ("waits-each", {"region": "42"}, (422, "malformed-body")),
        ("waits-each", {"region": "420381"}, (403, "outside-jurisdiction")),
    ],
)
async def test_what_cannot_be_set(
    client: httpx.AsyncClient,
    issuer: Issuer,
    code: str,
    change: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    assert problem(await put(client, admin(issuer), code, **change)) == expected
    assert (await read(client, "420325"))["waits-each"] == (5, None)


async def test_who_sets_and_who_reads(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    clerk = bearer(issuer, scope="migrant:write")
    assert (await put(client, clerk, "waits-each")).status_code == 403
    away = admin(issuer, region="420381")
    assert (await put(client, away, "waits-each", region="420381")).status_code == 403
    assert (await put(client, admin(issuer), "no-such-limit")).status_code == 400
    herself = bearer(issuer, scope="self", sub=str(new_id()))
    assert (await client.get(LIMITS, headers=herself)).status_code == 200
