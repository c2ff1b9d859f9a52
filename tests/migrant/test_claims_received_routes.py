"""Claims of other counties over HTTP, from the exchange's event to the payment."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.applying import discard_held
from shared.clock import today
from shared.events.registry import ClaimantFound, PersonsMerged
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import Cluster, parts_of
from tests.migrant.claim_road import CARD, THERE, make_received, make_step
from tests.migrant.conftest import bearer
from tests.migrant.samples import id_number
from tests.migrant.test_claims_routes import events, kind_of
from tests.migrant.test_consumer import deliver_twice

RECEIVED = "/migrant/v1/received-claims"
LISTS = "/migrant/v1/claim-payment-lists"
BALANCES = "/migrant/v1/claim-balances"


@pytest.fixture
def second(issuer: Issuer) -> dict[str, str]:
    """The second person, of the office that approves."""
    return bearer(issuer, scope="migrant:approve", sub="second") | {"Purpose": "service"}


async def come_in(app: FastAPI, **overrides: Any) -> str:
    event = make_received(**overrides)
    await deliver_twice(app, event)
    return str(event.claim_id)


async def read(client: httpx.AsyncClient, claim: str, **headers: str) -> dict[str, Any]:
    answer = await client.get(f"{RECEIVED}/{claim}", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def do(client: httpx.AsyncClient, path: str, body: Any, **headers: str) -> dict[str, Any]:
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def grant(client: httpx.AsyncClient, claim: str, fen: int = 4550) -> dict[str, Any]:
    body = {"granted": True, "granted_fen": fen, "reason": "挂号费不在范围内"}
    return await do(client, f"{RECEIVED}/{claim}/decision", body)


async def draw(client: httpx.AsyncClient, *claims: str) -> dict[str, Any]:
    return await do(client, LISTS, {"claim_ids": list(claims)})


async def paid(client: httpx.AsyncClient, second: dict[str, str], *claims: str) -> dict[str, Any]:
    drawn = await draw(client, *claims)
    path = f"{LISTS}/{drawn['id']}"
    await do(client, f"{path}/approval", {"total_fen": drawn["total_fen"]}, **second)
    return await do(client, f"{path}/payment", {"reference": "T-1", "paid_on": str(today())})


async def answers(app: FastAPI) -> list[tuple[int, str]]:
    return [(each["number"], each["standing"]) for each in await events(app, "claim-answered")]


async def test_it_comes_in_once_and_the_register_is_asked_whom_it_is_about(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    claim = await come_in(app)
    view = await read(client, claim)
    assert (view["status"], view["from_region"], view["amount_fen"]) == ("received", THERE, 4550)
    assert view["rule"] == "在现居住地自付的基本服务项目费用"
    assert (view["rule_since"], view["rule_source"]) == ("2010-01-01", "某市流动人口管理办法")
    assert (view["name"], view["id_number"]) == ("刘小梅", id_number())
    assert view["account"] == "6222***********0000"
    assert (view["resident"], view["person_id"]) == (None, None)
    assert view["due_on"] == str(today() + timedelta(days=30))
    assert await answers(app) == [(1, "received")]
    (sought,) = await events(app, "claimant-sought")
    assert id_number() not in str(sought)
    person = new_id()
    await deliver_twice(app, ClaimantFound(claim_id=UUID(claim), person_id=person))
    view = await read(client, claim)
    assert (view["resident"], view["person_id"]) == (True, str(person))
    unknown = await come_in(app)
    await deliver_twice(app, ClaimantFound(claim_id=UUID(unknown), person_id=None))
    assert (await read(client, unknown))["resident"] is False
    await deliver_twice(app, ClaimantFound(claim_id=new_id(), person_id=person))  # of no claim


async def test_granted_in_part_listed_approved_by_another_and_paid(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    claim = await come_in(app)
    view = await grant(client, claim, 4000)
    assert (view["status"], view["partly"], view["granted_fen"]) == ("accepted", True, 4000)
    drawn = await draw(client, claim)
    assert (drawn["status"], drawn["lines"], drawn["total_fen"]) == ("drawn-up", 1, 4000)
    path = f"{LISTS}/{drawn['id']}"
    (line,) = (await client.get(f"{path}/lines", headers=second)).json()
    assert line == {
        "claim_id": claim,
        "from_region": THERE,
        "name": "刘小梅",
        "account": CARD,
        "amount_fen": 4000,
        "reference": line["reference"],
        "outcome": None,
        "settled_on": None,
        "return_reason": None,
    }
    payment = {"reference": "T-1", "paid_on": str(today())}
    early = await client.post(f"{path}/payment", json=payment)
    assert (early.status_code, kind_of(early)) == (409, "claim-list-not-at-this-step")
    looked = {"total_fen": 4000}
    assert (await client.post(f"{path}/approval", json=looked)).status_code == 403
    other = await client.post(f"{path}/approval", json={"total_fen": 3999}, headers=second)
    assert (other.status_code, kind_of(other)) == (409, "claim-list-changed")
    await do(client, f"{path}/approval", looked, **second)
    done = await do(client, f"{path}/payment", payment)
    assert (done["status"], done["reference"]) == ("paid", "T-1")
    view = await read(client, claim)
    assert (view["status"], view["paid_fen"], view["list_reference"]) == ("paid", 4000, "T-1")
    assert await answers(app) == [(1, "received"), (2, "accepted"), (3, "paid")]
    assert await events(app, "claim-settled") == []  # counted at the residence
    (listed,) = (await client.get(LISTS)).json()["items"]
    assert listed == (await client.get(path)).json()


async def test_whoever_drew_it_up_or_decided_is_not_the_second_person(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    claim = await come_in(app)
    both = {"scope": "migrant:write migrant:approve"}
    decider = bearer(issuer, sub="decider", **both)
    granted = {"granted": True, "granted_fen": 4550}
    await do(client, f"{RECEIVED}/{claim}/decision", granted, **decider)
    drawn = await draw(client, claim)
    path = f"{LISTS}/{drawn['id']}/approval"
    for sub in ("clerk-1", "decider"):
        headers = bearer(issuer, sub=sub, **both)
        answer = await client.post(path, json={"total_fen": 4550}, headers=headers)
        assert (answer.status_code, kind_of(answer)) == (409, "second-person-needed")


def words_about(claims: list[str]) -> list[Any]:
    """What the residence says of the first three."""
    return [
        make_step(UUID(claims[0]), 2, "withdrawn"),
        make_step(UUID(claims[1]), 2, "objected"),
        make_received(claim_id=UUID(claims[2]), revision=2, amount_fen=3000),
    ]


async def test_what_the_residence_says_takes_a_claim_off_the_list_that_is_drawn_up(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    claims = [await come_in(app) for _ in range(4)]
    for claim in claims:
        await grant(client, claim)
    drawn = await draw(client, *claims)
    path = f"{LISTS}/{drawn['id']}"
    for number, event in enumerate(words_about(claims), start=1):
        await deliver_twice(app, event)
        assert (await client.get(path)).json()["lines"] == 4 - number
    looked = {"total_fen": drawn["total_fen"]}
    changed = await client.post(f"{path}/approval", json=looked, headers=second)
    assert (changed.status_code, kind_of(changed)) == (409, "claim-list-changed")
    states = [(await read(client, claim))["status"] for claim in claims]
    assert states == ["withdrawn", "objected", "received", "accepted"]
    twice = await client.post(LISTS, json={"claim_ids": [claims[3]]})
    assert (twice.status_code, kind_of(twice)) == (409, "claim-not-payable")
    assert (await do(client, f"{path}/withdrawal", None))["status"] == "withdrawn"
    await paid(client, second, claims[3])


@pytest.mark.parametrize(
    ("end", "states"),
    [
        ("payment", ["paid", "objected", "paid", "paid"]),
        ("withdrawal", ["withdrawn", "objected", "received", "accepted"]),
    ],
)
async def test_what_it_says_of_an_approved_list_waits_for_the_payments_end(
    client: httpx.AsyncClient,
    app: FastAPI,
    second: dict[str, str],
    end: str,
    states: list[str],
) -> None:
    claims = [await come_in(app) for _ in range(4)]
    for claim in claims:
        await grant(client, claim)
    drawn = await draw(client, *claims)
    path = f"{LISTS}/{drawn['id']}"
    await do(client, f"{path}/approval", {"total_fen": drawn["total_fen"]}, **second)
    said = len(await answers(app))
    for event in words_about(claims):
        await deliver_twice(app, event)
    assert (await client.get(path)).json()["lines"] == 4
    assert {(await read(client, claim))["status"] for claim in claims} == {"accepted"}
    assert len(await answers(app)) == said  # the money may be on its way
    body = {"reference": "T-1", "paid_on": str(today())} if end == "payment" else None
    await do(client, f"{path}/{end}", body)
    assert [(await read(client, claim))["status"] for claim in claims] == states
    told = await events(app, "claim-answered")
    assert {each["revision"] for each in told if each["claim_id"] in claims[:3]} == {1, 2}
    assert await held(app) == 0


async def held(app: FastAPI) -> int:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return int(await tx.fetch_value("SELECT count(*) FROM held_claim_words"))


async def test_a_claim_taken_back_names_nobody_any_more(
    client: httpx.AsyncClient, app: FastAPI, cluster: Cluster
) -> None:
    claim = await come_in(app)
    await deliver_twice(app, ClaimantFound(claim_id=UUID(claim), person_id=new_id()))
    await deliver_twice(app, make_step(UUID(claim), 2, "withdrawn"))
    await deliver_twice(app, make_received(claim_id=UUID(claim)))  # the first word, late
    await deliver_twice(app, ClaimantFound(claim_id=UUID(claim), person_id=new_id()))
    view = await read(client, claim)
    assert view["status"] == "withdrawn"
    assert {view[name] for name in ("name", "id_number", "provider", "account", "person_id")} == {
        None
    }
    assert await answers(app) == [(1, "received"), (2, "withdrawn")]


async def test_steps_that_overtake_their_claim_are_applied_in_order_and_once(
    client: httpx.AsyncClient, app: FastAPI, cluster: Cluster
) -> None:
    claim, objection = new_id(), "少算了挂号费"
    await deliver_twice(app, make_step(claim, 4, "withdrawn"))
    await deliver_twice(app, make_step(claim, 3, "disputed", reference="INQ/3"))
    await deliver_twice(app, make_step(claim, 2, "objected", objection=objection))
    forged = make_step(claim, 9, "withdrawn", from_region="420381")
    await deliver_twice(app, forged)
    assert await held(app) == 4
    assert not await parts_of(app).database.pool.fetchval("SELECT count(*) FROM dead_letters")
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        rows = str(await connection.fetch("SELECT * FROM held_claim_words"))
    finally:
        await connection.close()
    assert objection not in rows
    await deliver_twice(app, make_received(claim_id=claim))
    view = await read(client, str(claim))
    assert (view["status"], view["reference"], view["name"]) == ("withdrawn", "INQ/3", None)
    (answered,) = await events(app, "claim-answered")
    assert (answered["revision"], answered["standing"]) == (4, "withdrawn")
    assert await events(app, "claimant-sought") == []  # nobody is looked up for it
    assert await held(app) == 1  # another county's word, which is nobody's


async def test_what_waits_for_a_claim_that_never_comes_is_discarded(app: FastAPI) -> None:
    await deliver_twice(app, make_step(new_id(), 2, "withdrawn"))
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        assert await discard_held(tx) == 0
        tx.now += timedelta(days=401)
        assert await discard_held(tx) == 1
    assert await held(app) == 0


async def test_nobody_but_the_county_that_sent_it_changes_it(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    claim = await come_in(app)
    for event in (
        make_step(UUID(claim), 2, "withdrawn", from_region="420381"),
        make_received(claim_id=UUID(claim), revision=3, amount_fen=1, from_region="420381"),
    ):
        await deliver_twice(app, event)
    view = await read(client, claim)
    assert (view["status"], view["amount_fen"]) == ("received", 4550)


async def test_our_own_rule_says_how_much_can_be_granted(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    rules = (await client.get("/migrant/v1/claim-rules")).json()
    (rule,) = [each["rule"] for each in rules if each["rule"]["code"] == "basic-service"]
    body = rule | {"since": "2026-01-01", "most_fen": 3000, "source": "县文件〔2026〕1号"}
    admin = bearer(issuer, scope="migrant:admin")
    assert (await client.post("/migrant/v1/claim-rules", json=body, headers=admin)).is_success
    claim = await come_in(app)
    assert (await read(client, claim))["most_fen"] == 3000
    granted = {"granted": True, "granted_fen": 3001, "reason": "超"}
    answer = await client.post(f"{RECEIVED}/{claim}/decision", json=granted)
    assert (answer.status_code, answer.json()["most_fen"]) == (409, 3000)
    own = await come_in(app, service="a-service-of-theirs")
    assert (await read(client, own))["most_fen"] == 4550


async def test_late_ones_are_listed_and_a_dispute_is_named_once(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    late = await come_in(app, decide_by=today() - timedelta(days=1))
    await come_in(app)
    items = (await client.get(RECEIVED, params={"overdue": True})).json()["items"]
    assert [(each["id"], each["overdue"]) for each in items] == [(late, True)]
    refused = {"granted": False, "reason": "票据不清"}
    assert (await do(client, f"{RECEIVED}/{late}/decision", refused))["due_on"] is None
    path = f"{RECEIVED}/{late}/dispute"
    assert (await do(client, path, {"reference": "INQ/1"}))["reference"] == "INQ/1"
    again = await client.post(path, json={"reference": "INQ/2"})
    assert (again.status_code, kind_of(again)) == (409, "disputed-before")
    assert (await client.post(path, json={"reference": "两 地"})).status_code == 422
    (one,) = (await client.get(RECEIVED, params={"status": "refused"})).json()["items"]
    assert one["id"] == late
    first = (await client.get(RECEIVED, params={"limit": 1})).json()
    rest = await client.get(RECEIVED, params={"limit": 1, "cursor": first["next"]})
    assert [each["id"] for each in rest.json()["items"]] == [late]


async def test_balances_are_sums_alone(
    client: httpx.AsyncClient, app: FastAPI, second: dict[str, str]
) -> None:
    claim = await come_in(app)
    await grant(client, claim, 4000)
    month = {"month": f"{today():%Y-%m}"}
    answer = await client.get(BALANCES, params=month)
    assert answer.json() == {
        "month": month["month"],
        "items": [
            {
                "county": THERE,
                "side": "payable",
                "claimed_fen": 4550,
                "undecided_fen": 0,
                "refused_fen": 0,
                "objected_fen": 0,
                "granted_fen": 4000,
                "paid_fen": 0,
                "owed_fen": 4000,
            }
        ],
    }
    await paid(client, second, claim)
    (line,) = (await client.get(BALANCES, params=month)).json()["items"]
    assert (line["paid_fen"], line["owed_fen"]) == (4000, 0)
    assert (await client.get(BALANCES)).json() == {"month": month["month"], "items": [line]}
    for wrong in ("2026-13", "2026", "202607", ""):
        assert (await client.get(BALANCES, params={"month": wrong})).status_code == 400


async def test_she_sees_hers_where_it_is_paid_and_nobody_elses(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    claim, other = await come_in(app), await come_in(app)
    await read(client, claim)  # before it is known whose it is
    met, person = new_id(), new_id()
    await deliver_twice(app, ClaimantFound(claim_id=UUID(claim), person_id=met))
    await deliver_twice(app, PersonsMerged(kept_id=person, merged_id=met))
    late = await come_in(app)  # the register's answer comes after the merge
    await deliver_twice(app, ClaimantFound(claim_id=UUID(late), person_id=met))
    assert (await read(client, late))["person_id"] == str(person)
    await deliver_twice(app, make_step(UUID(late), 2, "withdrawn"))
    own = bearer(issuer, scope="self", sub=str(person)) | {"Purpose": "subject-access"}
    (mine,) = (await client.get("/migrant/v1/me/received-claims", headers=own)).json()["items"]
    assert (mine["id"], mine["status"]) == (claim, "received")
    assert (await client.get(f"{RECEIVED}/{claim}", headers=own)).status_code == 200
    for path in (f"{RECEIVED}/{other}", RECEIVED):
        assert (await client.get(path, headers=own)).status_code == 404
    looks = (await client.get("/migrant/v1/me/looks", headers=own)).json()["items"]
    assert [each["own"] for each in looks if each["kind"] == "claim"] == [True, True, False, False]
    export = await client.get(f"/migrant/v1/people/{person}/export", headers=own)
    assert [each["id"] for each in export.json()["received_claims"]] == [claim]
    decided = {"granted": False, "reason": "票据不清"}
    await do(client, f"{RECEIVED}/{claim}/decision", decided)
    erasure = f"/migrant/v1/people/{person}/erasure"
    assert "received-claims-over" not in erased((await client.post(erasure, headers=own)).json())
    await parts_of(app).database.pool.execute(
        "SET yipan.region = '420325'; UPDATE received_claims SET decided_on = decided_on - 1500"
    )
    assert "received-claims-over" in erased((await client.post(erasure, headers=own)).json())
    assert (await client.get(f"{RECEIVED}/{claim}")).status_code == 404


def erased(decision: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in decision["kinds"] if each["erased"]}


async def test_what_names_her_is_sealed(app: FastAPI, cluster: Cluster) -> None:
    await come_in(app)
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        row = str(dict(await connection.fetchrow("SELECT * FROM received_claims") or {}))
    finally:
        await connection.close()
    for secret in ("刘小梅", id_number(), CARD, "高碑"):
        assert secret not in row


async def test_doors(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    claim = await come_in(app)
    decision = {"granted": True, "granted_fen": 1, "reason": "一分"}
    for region in ("420325100", "420381"):
        away = bearer(issuer, scope="migrant:read migrant:write migrant:approve", region=region)
        assert (await client.get(f"{RECEIVED}/{claim}", headers=away)).status_code == 404
        assert (await client.get(RECEIVED, headers=away)).json()["items"] == []
        for path, body in (
            (f"{RECEIVED}/{claim}/decision", decision),
            (f"{RECEIVED}/{claim}/dispute", {"reference": "1"}),
            (LISTS, {"claim_ids": [claim]}),
        ):
            assert (await client.post(path, json=body, headers=away)).status_code == 404, path
    reader = bearer(issuer, scope="migrant:read")
    for path, body in ((f"{RECEIVED}/{claim}/decision", decision), (LISTS, {"claim_ids": [claim]})):
        assert (await client.post(path, json=body, headers=reader)).status_code == 403
    away = bearer(issuer, scope="migrant:read", region="420381")
    assert (await client.get(f"{BALANCES}?month=2026-07", headers=away)).status_code == 403
    for wrong in ('{"claim_ids": []}', f'{{"claim_ids": ["{claim}"], "account": "1"}}'):
        json = {"Content-Type": "application/json"}
        assert (await client.post(LISTS, content=wrong, headers=json)).status_code == 422
    unknown = await client.post(LISTS, json={"claim_ids": [claim, str(new_id())]})
    assert unknown.status_code == 404
    early = await client.post(LISTS, json={"claim_ids": [claim]})
    assert (early.status_code, kind_of(early)) == (409, "claim-not-payable")
    await grant(client, claim)
    again = await client.post(f"{RECEIVED}/{claim}/decision", json=decision)
    assert (again.status_code, kind_of(again)) == (409, "claim-not-at-this-step")
    del client.headers["Purpose"]
    assert (await client.get(f"{RECEIVED}/{claim}")).status_code == 400
    assert (await client.get(RECEIVED)).status_code == 400
