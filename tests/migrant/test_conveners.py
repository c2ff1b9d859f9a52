"""Conveners serve from their own agreement on, ask for whoever asked them to, and see nothing else;
branches of the association count their members."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.conveners.rules import ConvenerState, shown_members, state_of
from shared.clock import today
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import parts_of
from tests.migrant.conftest import bearer
from tests.migrant.help_samples import (
    CONVENERS,
    HELP,
    ask,
    do,
    make_request,
    office,
    person,
    refused,
    serving,
)
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE

BRANCHES = "/migrant/v1/association-branches"
DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("since", "until", "agreed", "ended", "state"),
    [
        (0, None, True, False, ConvenerState.SERVING),
        (0, 0, True, False, ConvenerState.SERVING),
        (0, None, False, False, ConvenerState.PROPOSED),
        (1, None, True, False, ConvenerState.PROPOSED),
        (-9, -1, True, False, ConvenerState.ENDED),
        (0, None, True, True, ConvenerState.ENDED),
    ],
)
def test_who_serves(
    since: int, until: int | None, agreed: bool, ended: bool, state: ConvenerState
) -> None:
    last = None if until is None else DAY + timedelta(days=until)
    first = DAY + timedelta(days=since)
    assert state_of(DAY, first, last, agreed=agreed, ended=ended) is state


def test_members_are_told_rounded_and_not_under_ten() -> None:
    assert [shown_members(n) for n in (None, 9, 10, 14, 1243)] == [None, None, 10, 10, 1240]


def for_somebody(**overrides: Any) -> dict[str, Any]:
    return make_request(asked_how="in-person") | overrides


async def test_nobody_serves_without_her_own_agreement(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    own_id = new_id()
    body = {
        "person_id": str(own_id),
        "region": VILLAGE,
        "languages": ["彝语"],
        "since": "2026-01-01",
    }
    made = (await client.post(CONVENERS, json=body)).json()
    assert (made["state"], made["known_as"]) == ("proposed", None)
    own = person(issuer, own_id)
    early = await client.post(HELP, json=for_somebody(), headers=own)
    assert early.status_code == 403
    assert early.json()["type"].endswith("/not-a-convener")
    assert (await client.get(CONVENERS)).json()["items"] == []
    path = f"{CONVENERS}/{made['id']}"
    stranger = await client.post(
        f"{path}/agreement", json={"known_as": "某人"}, headers=person(issuer, new_id())
    )
    assert stranger.status_code == 404
    agreed = await client.post(f"{path}/agreement", json={"known_as": "阿依"}, headers=own)
    assert (agreed.json()["state"], agreed.json()["agreed_by"]) == ("serving", "herself")
    again = await client.post(CONVENERS, json=body)
    assert again.json()["type"].endswith("/already-convener")


async def test_her_contact_is_shown_only_while_she_wants_that(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    convener = await serving(client, issuer)
    own = person(issuer, convener["person_id"])
    anyone = person(issuer, new_id())
    (shown,) = (await client.get(CONVENERS, headers=anyone)).json()["items"]
    assert (shown["known_as"], shown["phone"]) == ("刘大姐", "13900000007")
    assert "person_id" not in shown
    path = f"{CONVENERS}/{convener['id']}"
    assert (await client.get(path, headers=anyone)).status_code == 404
    assert (await client.get(CONVENERS, params={"region": OTHER_VILLAGE})).json()["items"] == []
    hidden = await client.post(f"{path}/agreement", json={"known_as": "刘大姐"}, headers=own)
    assert hidden.json()["phone"] is None
    assert (await client.get(CONVENERS, headers=anyone)).json()["items"] == []
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        kept = await tx.fetch_value("SELECT string_agg(c::text, '') FROM conveners AS c")
        assert "刘大姐" not in kept


async def test_she_asks_for_whoever_asked_her_and_sees_only_that(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    convener = await serving(client, issuer)
    own = person(issuer, convener["person_id"])
    answer = await client.post(HELP, json=for_somebody(people=12), headers=own)
    assert answer.status_code == 201, answer.text
    filed = answer.json()
    assert (filed["channel"], filed["convener_id"]) == ("convener", convener["id"])
    assert (filed["asked_how"], filed["person_id"], filed["urgent"]) == ("in-person", None, True)
    other = await ask(client)
    await do(client, filed, "acceptance", office(issuer), note="内部意见")
    assert (await client.get(f"{HELP}/{other['id']}", headers=own)).status_code == 404
    read = await client.get(f"{HELP}/{filed['id']}", headers=own)
    assert read.status_code == 200
    assert "内部意见" not in read.text
    listing = f"{CONVENERS}/{convener['id']}/help-requests"
    listed = (await client.get(listing, headers=own)).json()["items"]
    assert [each["id"] for each in listed] == [filed["id"]]
    assert (await client.get(listing)).status_code == 403  # not even the office
    assert (await client.get(listing, headers=person(issuer, new_id()))).status_code == 404
    assert (await client.get(HELP, headers=own)).status_code == 403
    await do(client, filed, "question", office(issuer), words="工地在哪?")
    await do(client, filed, "answer", own, words="城东")


@pytest.mark.parametrize("odd", [{"region": OTHER_VILLAGE}, {"person_id": str(new_id())}])
async def test_she_serves_her_place_and_names_nobody(
    client: httpx.AsyncClient, issuer: Issuer, odd: dict[str, Any]
) -> None:
    convener = await serving(client, issuer)
    own = person(issuer, convener["person_id"])
    answer = await client.post(HELP, json=for_somebody(**odd), headers=own)
    assert answer.status_code in (403, 422)


async def test_she_ends_it_at_any_time_and_it_is_over_at_once(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    convener = await serving(client, issuer)
    own = person(issuer, convener["person_id"])
    filed = (await client.post(HELP, json=for_somebody(), headers=own)).json()
    path = f"{CONVENERS}/{convener['id']}"
    ended = await client.post(f"{path}/ending", headers=own)
    assert (ended.json()["state"], ended.json()["phone"]) == ("ended", None)
    assert (await client.get(CONVENERS)).json()["items"] == []
    assert (await client.post(HELP, json=for_somebody(), headers=own)).status_code == 403
    assert (await client.get(f"{HELP}/{filed['id']}", headers=own)).status_code == 404
    twice = await client.post(f"{path}/ending", headers=own)
    assert twice.json()["type"].endswith("/no-longer-convener")
    assert await refused(client, filed, "answer", own, words="x") == "not-found"


async def test_doors_of_conveners(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body: dict[str, Any] = {
        "person_id": str(new_id()),
        "region": VILLAGE,
        "languages": ["普通话"],
        "since": "2026-01-01",
    }
    odds: list[dict[str, Any]] = [
        {"languages": []},
        {"until": "2025-12-31"},
        {"region": "42"},
        {"since": "yesterday"},
        {"quota": 5},
    ]
    for odd in odds:
        assert (await client.post(CONVENERS, json=body | odd)).status_code == 422, odd
    away = bearer(issuer, scope="migrant:write", region="420381")
    assert (await client.post(CONVENERS, json=body, headers=away)).status_code == 403
    own = person(issuer, body["person_id"])
    assert (await client.post(CONVENERS, json=body, headers=own)).status_code == 403
    unknown = await client.post(CONVENERS, json=body | {"branch_id": str(new_id())})
    assert unknown.json()["type"].endswith("/branch-not-found")
    convener = await serving(client, issuer)
    path = f"{CONVENERS}/{convener['id']}"
    assert (await client.get(path, headers=away)).status_code == 404
    assert (await client.get(CONVENERS, params={"cursor": "x"})).status_code == 400
    del client.headers["Purpose"]
    assert (await client.get(path)).status_code == 400


async def test_branches_and_their_members(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = {
        "region": VILLAGE,
        "name": "东关村分会",
        "kind": "village",
        "founded_on": "2020-01-01",
    }
    made = await client.post(BRANCHES, json=body)
    assert made.status_code == 201, made.text
    path = f"{BRANCHES}/{made.json()['id']}/counts"
    yesterday = str(today() - timedelta(days=1))
    for counted_on, members in ((str(today()), 9), (str(today()), 128), (yesterday, 700)):
        count = {"counted_on": counted_on, "members": members}
        assert (await client.post(path, json=count)).status_code == 200
    (listed,) = (await client.get(BRANCHES, headers=person(issuer, new_id()))).json()["items"]
    assert (listed["name"], listed["members"], listed["counted_on"]) == (
        "东关村分会",
        130,
        str(today()),
    )
    assert (await client.post(path, json={"counted_on": yesterday, "members": -1})).status_code == (
        422
    )
    away = bearer(issuer, scope="migrant:write migrant:read", region="420381")
    count = {"counted_on": yesterday, "members": 5}
    assert (await client.post(path, json=count, headers=away)).status_code == 404
    assert (await client.post(BRANCHES, json=body, headers=away)).status_code == 403
    assert (await client.get(BRANCHES, headers=away)).json()["items"] == []
