"""An arrival in under a minute: what a desk sends for one, and what its clerk types. Each call of
the desk is counted; what comes from a code or the clerk's own place is not typed."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.clock import today
from shared.testing import Issuer, client_of
from tests.migrant.browser import press
from tests.migrant.conftest import bearer
from tests.migrant.desk import DESK, read
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, id_number
from tests.migrant.test_certificates_routes import issue, make_request
from tests.migrant.test_certificates_showing import PAPERS
from tests.migrant.test_self_registration_page import code_on, hers, opened
from tests.scanning import BY_HAND, read_codes, scanned, taken


@pytest.fixture
def calls(client: httpx.AsyncClient) -> list[str]:
    """What the desk has called, from when this is emptied on."""
    made: list[str] = []

    async def note(request: httpx.Request) -> None:
        made.append(f"{request.method} {request.url.path.removeprefix(DESK)}")

    client.event_hooks["request"].append(note)
    return made


async def done(client: httpx.AsyncClient, path: str, body: Any, purpose: str) -> dict[str, Any]:
    answer = await client.post(f"{DESK}/{path}", json=body, headers={"Purpose": purpose})
    assert answer.status_code < 300, answer.text
    return dict(answer.json())


async def paper(client: httpx.AsyncClient) -> bytes:
    """A certificate that somebody shows with her name, her number and where she is from."""
    request = make_request()
    request["claims"] = ["name", "id_number", "home_region"]
    home = OTHER_VILLAGE  # the county that checks is the one that issued
    request["facts"] = {"name": "刘小梅", "id_number": id_number(), "home_region": home}
    text = (await issue(client, **request))["credential"]
    return (await client.post(f"{PAPERS}", json={"credential": text})).content


async def test_an_arrival_by_certificate_is_two_calls_and_one_word(
    client: httpx.AsyncClient, calls: list[str]
) -> None:
    sheet = await paper(client)
    calls.clear()
    (shown,) = await read_codes(taken(await scanned(sheet), BY_HAND))
    checked = await done(client, "certificate-checks", {"presentation": shown}, "verification")
    assert checked["outcome"] == "genuine"
    claims = checked["disclosed"]
    read_from_code = {
        "name": claims["name"],
        "id_number": claims["id_number"],
        "origin_region": claims["home_region"],
    }
    of_the_desk = {"region": VILLAGE, "arrived_on": today().isoformat()}
    typed = {"stay_purpose": "work"}
    stay = await done(client, "arrivals", read_from_code | of_the_desk | typed, "registration")
    assert calls == ["POST /certificate-checks", "POST /arrivals"]
    assert (stay["origin_region"], stay["doubts"]) == (OTHER_VILLAGE, [])
    person = await read(client, f"people/{stay['person_id']}")
    assert person["name"] == "刘小梅"


async def test_an_arrival_by_phone_is_two_calls_and_nothing_typed(
    client: httpx.AsyncClient, app: FastAPI, calls: list[str]
) -> None:
    async with client_of(app, None, {"Accept-Language": "zh-CN"}) as phone:
        receipt = await press(phone, await opened(phone), "send", **hers())
    calls.clear()
    body = {"code": code_on(receipt)}  # scanned from her phone
    answer = await client.post(f"{DESK}/self-registration-searches", json=body)
    (found,) = answer.json()
    assert (found["name"], found["people"]) == ("刘小梅", 1)  # to compare with the id card
    path = f"self-registrations/{found['id']}/confirmation"
    confirmed = await done(client, path, {}, "registration")
    assert calls == ["POST /self-registration-searches", f"POST /{path}"]
    assert confirmed["arrivals"][0]["region"] == VILLAGE


async def test_a_desk_in_a_village_knows_where_it_is(app: FastAPI, issuer: Issuer) -> None:
    """Its token says so: the form begins with that."""
    token = bearer(issuer, scope="migrant:read migrant:write", region=VILLAGE)
    async with client_of(app, None, token | {"Purpose": "registration"}) as desk:
        body = {
            "name": "刘小梅",
            "id_number": id_number(),
            "origin_region": "500101",
            "region": VILLAGE,
            "arrived_on": today().isoformat(),
            "stay_purpose": "work",
        }
        assert (await desk.post(f"{DESK}/arrivals", json=body)).status_code == 201
        elsewhere = body | {"region": "420325101002"}
        assert (await desk.post(f"{DESK}/arrivals", json=elsewhere)).status_code == 403
