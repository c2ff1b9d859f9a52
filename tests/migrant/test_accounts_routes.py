"""Linking logins over HTTP: the desk sees the id card, the login opens her records."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.accounts.rules import MOST_TRIES
from services.migrant.self_registrations.handlers import erase_expired
from shared.subjects import login_id
from shared.testing import Issuer, make_actor
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.logins import CODES, LINKS, OWN, SUB, code_for, enter, link, login, make_card
from tests.migrant.samples import OTHER_VILLAGE, fresh_id_number, id_number
from tests.migrant.test_arrivals_routes import arrive

UNLINKINGS = "/migrant/v1/account-unlinkings"
TOWNSHIP = "420325101"


def person_path(stay: dict[str, Any]) -> str:
    return f"/migrant/v1/people/{stay['person_id']}"


async def sql(app: FastAPI, statement: str, *args: Any) -> list[Any]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return list(await tx.fetch(statement, *args))


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


async def test_with_the_code_her_login_opens_her_record(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    stay = await arrive(client)
    path, her = person_path(stay), login(issuer)
    assert (await client.get(path, headers=her)).status_code == 404
    code = await code_for(client)
    linked = await enter(client, f"{code[:4]}-{code[4:].lower()}", her)
    assert linked.status_code == 201, linked.text
    assert linked.json() | {"id": "", "linked_at": ""} == {
        "id": "",
        "person_id": stay["person_id"],
        "login": "wx*******kQ",
        "this_one": True,
        "office": "org-test",
        "linked_at": "",
        "ended_at": None,
    }
    assert (await client.get(path, headers=her)).json()["name"] == "刘小梅"
    usage = await client.get(
        "/migrant/datatracker/v2/findUsage",
        params={"userCode": stay["person_id"]},
        headers=her | {"X-Road-UserId": "x"},
    )
    assert usage.status_code == 200
    (event,) = await sql(
        app, "SELECT payload::jsonb -> 'data' AS data FROM outbox WHERE payload LIKE '%.account-%'"
    )
    assert event["data"] == {"login_id": str(login_id(SUB)), "person_id": stay["person_id"]}


async def test_an_id_number_alone_opens_and_links_nothing(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    path = person_path(stay)
    by_number = login(issuer, id_number())
    assert (await client.get(path, headers=by_number)).status_code == 404
    assert problem(await enter(client, id_number(), by_number)) == (409, "code-not-good")
    # nor does she get a code for herself by telling her number, nor name herself when linking
    assert (await client.post(CODES, json=make_card(), headers=by_number)).status_code == 403
    body = {"code": "ACDE4679", "id_number": id_number()}
    assert (await client.post(LINKS, json=body, headers=by_number)).status_code == 422
    named = body["code"], stay["person_id"]
    body = {"code": named[0], "person_id": named[1]}
    assert (await client.post(LINKS, json=body, headers=by_number)).status_code == 422
    assert (await client.get(path, headers=by_number)).status_code == 404


async def test_a_code_opens_once(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await arrive(client)
    older, code = await code_for(client), await code_for(client)
    answers = await asyncio.gather(
        *(enter(client, code, login(issuer, f"phone-{n}")) for n in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    late = login(issuer, "phone-late")
    for used in (code, older):  # codes she got before are over with it
        assert problem(await enter(client, used, late)) == (409, "code-not-good")


async def test_a_code_is_over_after_a_quarter_of_an_hour(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await arrive(client)
    code = await code_for(client)
    (row,) = await sql(app, "SELECT expires_at - made_at AS good, code_index FROM account_codes")
    assert row["good"].total_seconds() == 900
    assert code.encode() not in row["code_index"]
    await sql(app, "UPDATE account_codes SET expires_at = now() RETURNING id")
    assert problem(await enter(client, code, login(issuer))) == (409, "code-not-good")


async def test_after_five_wrong_codes_even_the_right_one_waits(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await arrive(client)
    code, her = await code_for(client), login(issuer)
    wrong = await asyncio.gather(*(enter(client, "AAAAAAAA", her) for _ in range(MOST_TRIES + 3)))
    counted = [problem(each) for each in wrong]
    assert counted.count((409, "code-not-good")) == MOST_TRIES
    assert counted.count((429, "too-many-tries")) == 3
    assert problem(await enter(client, code, her)) == (429, "too-many-tries")
    # another login is not held up, and this one only for a while
    await sql(app, "UPDATE account_tries SET until = now() RETURNING login_id")
    assert (await enter(client, code, her)).status_code == 201
    assert await sql(app, "SELECT 1 FROM account_tries") == []


async def test_a_login_is_one_persons_and_she_may_have_several(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    number = fresh_id_number()
    other = await arrive(client, name="赵六", id_number=number)
    await link(client, issuer)
    second = await link(client, issuer, "phone-2")
    code = await code_for(client, name="赵六", id_number=number)
    assert problem(await enter(client, code, login(issuer))) == (409, "already-linked")
    params = {"person_id": stay["person_id"]}
    mine = (await client.get(LINKS, params=params, headers=login(issuer))).json()
    assert [each["this_one"] for each in mine] == [False, True]
    assert mine[0] | {"this_one": True} == second
    theirs = await client.get(
        LINKS, params={"person_id": other["person_id"]}, headers=login(issuer)
    )
    assert theirs.status_code == 404
    assert len((await client.get(LINKS, params=params)).json()) == 2  # the desk


async def test_an_ended_login_opens_nothing_and_can_be_linked_anew(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    first, second = await link(client, issuer), await link(client, issuer, "phone-2")
    ending = f"{LINKS}/{second['id']}/ending"
    stranger = login(issuer, "phone-3")
    assert (await client.post(ending, headers=stranger)).status_code == 404
    for _ in range(2):
        ended = await client.post(ending, headers=login(issuer))
        assert ended.json()["ended_at"]
    path = person_path(stay)
    assert (await client.get(path, headers=login(issuer, "phone-2"))).status_code == 404
    assert (await client.get(path, headers=login(issuer))).status_code == 200
    assert (await client.post(f"{LINKS}/{first['id']}/ending")).status_code == 200  # the desk
    assert (await client.get(path, headers=login(issuer))).status_code == 404
    await link(client, issuer)
    assert (await client.get(path, headers=login(issuer))).status_code == 200


async def test_any_desk_of_the_county_serves_whoever_shows_her_card(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    elsewhere = bearer(issuer, scope="migrant:write", region=TOWNSHIP, sub="clerk-9", org="desk-9")
    code = (await client.post(CODES, json=make_card(), headers=elsewhere)).json()["code"]
    linked = await enter(client, code, login(issuer))
    assert (linked.status_code, linked.json()["office"]) == (201, "desk-9")
    assert (await client.get(person_path(stay), headers=elsewhere)).status_code == 404
    lost = await client.post(UNLINKINGS, json=make_card(), headers=elsewhere)
    assert lost.json() == {"person_id": stay["person_id"], "ended": 1}
    assert (await client.get(person_path(stay), headers=login(issuer))).status_code == 404
    other_county = bearer(issuer, scope="migrant:write", region="420381")
    for place in (CODES, UNLINKINGS):
        answer = await client.post(place, json=make_card(), headers=other_county)
        assert problem(answer) == (403, "outside-jurisdiction")


async def test_a_code_that_the_citys_desk_made_is_the_countys_to_erase(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await arrive(client)
    city = bearer(issuer, scope="migrant:write", region="4203", sub="clerk-city")
    assert (await client.post(CODES, json=make_card(), headers=city)).status_code == 201
    await sql(app, "UPDATE account_codes SET expires_at = now() RETURNING id")
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await erase_expired(tx)
    async with parts.database.transaction(make_actor(region="42")) as tx:
        assert await tx.fetch("SELECT 1 FROM account_codes") == []


async def test_the_card_must_fit_the_record(client: httpx.AsyncClient) -> None:
    await arrive(client)
    for place in (CODES, UNLINKINGS):
        unknown = await client.post(place, json=make_card(id_number=fresh_id_number()))
        assert unknown.status_code == 404
        differs = await client.post(place, json=make_card(name="赵六"))
        assert problem(differs) == (409, "name-differs")
        assert id_number() not in differs.text


async def test_her_logins_follow_her_to_the_next_township(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    await link(client, issuer)
    there = bearer(issuer, scope="migrant:read", region=TOWNSHIP, sub="clerk-9")
    params = {"person_id": stay["person_id"]}
    assert (await client.get(LINKS, params=params, headers=there)).json() == []
    await arrive(client, region=OTHER_VILLAGE, arrived_on="2026-05-01")
    assert len((await client.get(LINKS, params=params, headers=there)).json()) == 1


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await arrive(client)
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(CODES, json=make_card(), headers=reader)).status_code == 403
    assert (await client.post(LINKS, json={"code": "x"})).status_code == 403  # a clerk is nobody
    abroad = login(issuer, region="420381")
    assert (await enter(client, "AAAAAAAA", abroad)).status_code == 403
    said = await client.post(CODES, json=make_card())
    assert said.headers["cache-control"] == "no-store"
    del client.headers["Purpose"]
    assert problem(await client.post(CODES, json=make_card())) == (400, "purpose-required")
    without = {name: value for name, value in login(issuer).items() if name not in OWN}
    assert problem(await enter(client, "AAAAAAAA", without)) == (400, "purpose-required")


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 1}, {"code": "A" * 41}, {"card": "x"}])
async def test_bad_codes_are_refused_before_they_count(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI, body: dict[str, Any]
) -> None:
    answer = await client.post(LINKS, json=body, headers=login(issuer))
    assert answer.status_code == 422
    assert await sql(app, "SELECT 1 FROM account_tries") == []
