"""Which office of ours a received claim lies with: by rule, by hand, and seen nowhere else."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.received_rules import ROUTES, Level, Route, chosen, place_of
from shared.events.registry import ClaimantFound
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.claim_road import HERE, make_step
from tests.migrant.conftest import bearer
from tests.migrant.test_claims_papers import make_paper
from tests.migrant.test_claims_received_routes import LISTS, RECEIVED, come_in, do, grant, read
from tests.migrant.test_claims_routes import events, kind_of
from tests.migrant.test_consumer import deliver_twice

ROUTES_PATH = "/migrant/v1/claim-routes"
TOWNSHIP, OTHER_TOWNSHIP = "420325100", "420325101"


def line(service: str | None, area: str | None = HERE, **overrides: Any) -> Route:
    values = {"level": Level.COUNTY, "office": "health", "source": "县文件"} | overrides
    return Route(area=area, service=service, **values)


def test_the_countys_own_line_goes_first_then_the_one_about_the_service() -> None:
    assert chosen("basic-service", []).office == "health"
    assert chosen("another", []).office == "claims-desk"
    own = [line(None, office="own"), line("another", office="special")]
    assert chosen("basic-service", own).office == "own"
    assert chosen("another", own).office == "special"
    smaller = [line(None, "4203", office="city"), line(None, office="own")]
    assert chosen("x", smaller).office == chosen("x", smaller[::-1]).office == "own"
    assert all(each.source for each in ROUTES)


@pytest.mark.parametrize(
    ("level", "home", "expected"),
    [
        ("township", "420325100001", TOWNSHIP),
        ("township", "420325100", TOWNSHIP),
        ("township", "420325", HERE),  # no township is known
        ("township", "420381100001", HERE),  # her register is not in this county
        ("township", None, HERE),
        ("county", "420325100001", HERE),
    ],
)
def test_to_the_township_of_her_register_where_the_rule_is_so(
    level: str, home: str | None, expected: str
) -> None:
    assert place_of(line(None, level=Level(level)), HERE, home) == expected


async def set_line(client: httpx.AsyncClient, issuer: Issuer, **overrides: Any) -> dict[str, Any]:
    body = {
        "region": HERE,
        "service": "basic-service",
        "level": "township",
        "office": "town-desk",
        "source": "县文件〔2026〕3号",
    }
    admin = bearer(issuer, scope="migrant:admin")
    return await do(client, ROUTES_PATH, body | overrides, **admin)


def town(issuer: Issuer, region: str = TOWNSHIP) -> dict[str, str]:
    return bearer(issuer, scope="migrant:read migrant:write", region=region, sub="town")


async def test_the_township_of_her_register_gets_it_decides_and_the_county_pays(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await set_line(client, issuer)
    claim = await come_in(app)
    await deliver_twice(app, make_paper(UUID(claim)))
    there, elsewhere = town(issuer), town(issuer, OTHER_TOWNSHIP)
    assert (await client.get(f"{RECEIVED}/{claim}", headers=there)).status_code == 404
    found = ClaimantFound(claim_id=UUID(claim), person_id=new_id(), region=f"{TOWNSHIP}001")
    await deliver_twice(app, found)
    view = await read(client, claim, **there)
    assert (view["region"], view["office"], view["payer_region"]) == (TOWNSHIP, "town-desk", HERE)
    assert len(view["papers"]) == 1
    (placed,) = await events(app, "claim-placed")
    assert placed == {"claim_id": claim, "region": TOWNSHIP, "office": "town-desk"}
    for part in ("", "/decision", "/assignment", "/hand-back"):
        answer = await client.request(
            "POST" if part else "GET",
            f"{RECEIVED}/{claim}{part}",
            json={
                "/decision": {"granted": True, "granted_fen": 4550},
                "/assignment": {"region": OTHER_TOWNSHIP, "office": "town-desk"},
                "/hand-back": {"reason": "不属本镇"},
            }.get(part),
            headers=elsewhere,
        )
        assert answer.status_code == 404, part
    decision = {"granted": True, "granted_fen": 4550}
    await do(client, f"{RECEIVED}/{claim}/decision", decision, **there)
    answered = (await events(app, "claim-answered"))[-1]
    assert answered["region"] == HERE  # the residence is answered by whom it asked
    drawn = await client.post(LISTS, json={"claim_ids": [claim]}, headers=there)
    assert (drawn.status_code, kind_of(drawn)) == (403, "outside-jurisdiction")
    assert (await do(client, LISTS, {"claim_ids": [claim]}))["total_fen"] == 4550


async def test_it_is_handed_back_and_given_to_another_by_the_county(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await set_line(client, issuer)
    claim = await come_in(app)
    home = ClaimantFound(claim_id=UUID(claim), person_id=new_id(), region=f"{TOWNSHIP}001")
    await deliver_twice(app, home)
    there, elsewhere = town(issuer), town(issuer, OTHER_TOWNSHIP)
    path = f"{RECEIVED}/{claim}"
    away = {"region": OTHER_TOWNSHIP, "office": "town-desk"}
    refused = await client.post(f"{path}/assignment", json=away, headers=there)
    assert (refused.status_code, kind_of(refused)) == (403, "outside-jurisdiction")
    back = await do(client, f"{path}/hand-back", {"reason": "户口已迁至邻镇"}, **there)
    assert (back["hand_back"], back["region"]) == ("户口已迁至邻镇", TOWNSHIP)
    listed = (await client.get(RECEIVED, params={"handed_back": True})).json()["items"]
    assert [each["id"] for each in listed] == [claim]
    moved = await do(client, f"{path}/assignment", away)
    assert (moved["region"], moved["assigned_by"]) == (OTHER_TOWNSHIP, "clerk-1")
    assert (moved["handed_back_on"], moved["hand_back"]) == (None, None)
    assert (await client.get(path, headers=there)).status_code == 404
    assert (await read(client, claim, **elsewhere))["office"] == "town-desk"
    await deliver_twice(app, home)  # the rule does not take back what somebody chose
    assert (await read(client, claim))["region"] == OTHER_TOWNSHIP
    outside = await client.post(f"{path}/assignment", json={"region": "420381", "office": "health"})
    assert outside.status_code == 403
    await deliver_twice(app, make_step(UUID(claim), 2, "withdrawn"))
    for part, body in (("assignment", away), ("hand-back", {"reason": "晚了"})):
        late = await client.post(f"{path}/{part}", json=body)
        assert (late.status_code, kind_of(late)) == (409, "claim-not-at-this-step")


async def test_the_inbox_is_narrowed(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    first = await come_in(app)
    second = await come_in(app, service="a-service-of-theirs", from_region="350100")
    await grant(client, first)

    async def ids(**params: Any) -> list[str]:
        answer = await client.get(RECEIVED, params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await ids() == [second, first]
    assert await ids(office="health") == [first]
    assert await ids(office="claims-desk") == [second]
    assert await ids(service="basic-service") == [first]
    assert await ids(from_region="350100") == [second]
    assert await ids(status="accepted", office="health") == [first]
    assert await ids(region=TOWNSHIP) == []
    assert await ids(handed_back=True) == []
    assert (await client.get(RECEIVED, params={"region": "420381"})).status_code == 403
    for wrong in ({"office": "两 地"}, {"region": "42"}, {"handed_back": "maybe"}):
        assert (await client.get(RECEIVED, params=wrong)).status_code == 400, wrong


async def test_lines_are_the_administrators(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    shipped = (await client.get(ROUTES_PATH)).json()
    assert [(each["region"], each["active"]) for each in shipped] == [(None, True)] * len(ROUTES)
    made = await set_line(client, issuer)
    assert (made["region"], made["level"], made["active"]) == (HERE, "township", True)
    await set_line(client, issuer, active=False)
    own = (await client.get(ROUTES_PATH)).json()[0]
    assert (own["region"], own["active"]) == (HERE, False)
    claim = await come_in(app)
    assert (await read(client, claim))["office"] == "health"  # the line was taken back
    body = made | {"level": "county"}
    assert (await client.post(ROUTES_PATH, json=body)).status_code == 403
    admin = bearer(issuer, scope="migrant:admin")
    for change in ({"level": "village"}, {"office": "两 地"}, {"source": ""}, {"region": "4203"}):
        wrong = await client.post(ROUTES_PATH, json=body | change, headers=admin)
        assert wrong.status_code == 422, change
    away = body | {"region": "420381"}
    assert (await client.post(ROUTES_PATH, json=away, headers=admin)).status_code == 403
