"""Claims over HTTP, from the filing to her confirmation."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.rules import MOST_BYTES
from shared.clock import today
from shared.events.exchange_claims import ClaimNeverLeft
from shared.events.migrant_claims import ClaimSubmitted
from shared.ids import new_id
from shared.testing import EVENT_VAULT, Issuer, event_message
from tests.conftest import Cluster, parts_of
from tests.migrant.conftest import bearer
from tests.migrant.samples import OTHER_VILLAGE, VILLAGE, id_number
from tests.migrant.test_claims_rules import JPEG, PDF, PNG
from tests.migrant.test_employments_routes import arrive

CLAIMS = "/migrant/v1/claims"
PAPERS = "/migrant/v1/claim-papers"
RULES = "/migrant/v1/claim-rules"
PAYMENTS = "/migrant/v1/claim-payments"
CARD = "6222020000000000000"
HOME_COUNTY = "500101"


def make_claim(person_id: str, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "region": VILLAGE,
        "service": "basic-service",
        "served_on": "2026-03-05",
        "provider": "高碑社区卫生服务站",
        "amount_fen": 4550,
        "account": CARD,
    } | overrides


async def file(client: httpx.AsyncClient, person_id: str, **overrides: Any) -> dict[str, Any]:
    answer = await client.post(CLAIMS, json=make_claim(person_id, **overrides))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def attach(
    client: httpx.AsyncClient,
    claim: str,
    content: bytes = PDF,
    kind: str = "receipt",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return await client.post(
        PAPERS,
        data={"claim_id": claim, "kind": kind},
        files={"file": ("发票.pdf", content)},
        headers=headers,
    )


async def step(
    client: httpx.AsyncClient, claim: str, what: str, body: Any = None, **headers: str
) -> httpx.Response:
    return await client.post(f"{CLAIMS}/{claim}/{what}", json=body, headers=headers)


async def taken(client: httpx.AsyncClient, claim: str, *steps: str) -> dict[str, Any]:
    """Through several steps that succeed."""
    view: dict[str, Any] = {}
    for what in steps:
        body = {
            "decision": {"granted": True, "granted_fen": 4000},
            "objection": {"reason": "少算了挂号费"},
        }.get(what)
        answer = await step(client, claim, what, body)
        assert answer.status_code == 200, (what, answer.text)
        view = answer.json()
    return view


async def sent(client: httpx.AsyncClient, person: str, **overrides: Any) -> str:
    claim = str((await file(client, person, **overrides))["id"])
    assert (await attach(client, claim)).status_code == 201
    await taken(client, claim, "check", "submission")
    return claim


async def on_paper(client: httpx.AsyncClient, app: FastAPI, claim: str) -> None:
    """The home county takes no part in the federation: it is reached on paper."""
    asked = await step(client, claim, "recall")
    assert asked.status_code == 200, asked.text
    message = event_message(ClaimNeverLeft(claim_id=UUID(claim), revision=2))
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)


async def pay(client: httpx.AsyncClient, *claims: str) -> list[dict[str, Any]]:
    body = {"list_reference": "2026-07/12", "paid_on": str(today()), "claim_ids": list(claims)}
    answer = await client.post(PAYMENTS, json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def kind_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition("/")[2])


async def events(app: FastAPI, kind: str) -> list[dict[str, Any]]:
    rows = await parts_of(app).database.pool.fetch(
        "SELECT payload::jsonb -> 'data' AS data FROM outbox"
        " WHERE payload::jsonb ->> 'type' = $1 ORDER BY id",
        f"yipan.migrant.{kind}.v1",
    )
    return [row["data"] for row in rows]


async def age(cluster: Cluster, days: int) -> None:
    """Let deadlines pass."""
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        await connection.execute(f"UPDATE claims SET due_on = due_on - {days}")
    finally:
        await connection.close()


async def test_from_the_filing_to_her_confirmation(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    person = await arrive(client)
    own = bearer(issuer, scope="self", sub=person)
    filed = await client.post(CLAIMS, json=make_claim(person), headers=own)
    assert filed.status_code == 201, filed.text
    claim = filed.json()["id"]
    assert filed.json()["account"] == "6222***********0000"
    assert (filed.json()["payer"], filed.json()["payer_region"]) == ("home", HOME_COUNTY)
    assert filed.json()["due_on"] == str(today() + timedelta(days=5))
    assert (await attach(client, claim, headers=own)).status_code == 201
    await taken(client, claim, "check", "submission")
    await on_paper(client, app, claim)
    view = await taken(client, claim, "decision")
    assert (view["status"], view["granted_fen"]) == ("accepted", 4000)
    assert await pay(client, claim) == [{"claim_id": claim, "problem": None}]
    confirmed = await step(client, claim, "confirmation", **own)
    assert (confirmed.json()["status"], confirmed.json()["list_reference"]) == (
        "confirmed",
        "2026-07/12",
    )
    (settled,) = await events(app, "claim-settled")
    assert settled == {
        "claim_id": claim,
        "region": VILLAGE,
        "payer": "home",
        "payer_region": HOME_COUNTY,
        "service": "basic-service",
        "paid": True,
        "in_time": True,
        "office_in_time": True,
    }


async def test_it_leaves_for_the_home_county_with_what_that_needs_sealed(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = await arrive(client)
    await sent(client, person)
    (data,) = await events(app, "claim-submitted")
    for secret in (id_number(), "刘小梅", CARD, "高碑社区卫生服务站"):
        assert secret not in str(data)
    told = ClaimSubmitted.opened(data, EVENT_VAULT)
    assert (told.id_number, told.account) == (id_number(), CARD)
    assert (told.payer_region, told.amount_fen) == (HOME_COUNTY, 4550)


async def test_other_payers_get_no_personal_field(client: httpx.AsyncClient, app: FastAPI) -> None:
    person = await arrive(client)
    code = "91350100M000100Y43"
    await sent(client, person, service="occupational-check", employer_code=code)
    (data,) = await events(app, "claim-submitted")
    assert (data["payer"], data["payer_region"]) == ("employer", None)
    assert {data[name] for name in ("name", "id_number", "provider", "account")} == {None}


async def test_the_same_claim_twice_is_told_wherever_it_was_filed(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = await arrive(client)
    claim = await file(client, person)
    same = make_claim(person, provider=" 高碑社区 卫生服务站", account=None)
    again = await client.post(CLAIMS, json=same)
    assert (again.status_code, kind_of(again)) == (409, "claimed-before")
    there = await client.post(CLAIMS, json=same | {"region": OTHER_VILLAGE})
    assert kind_of(there) == "claimed-before"
    for change in ({"amount_fen": 4551}, {"served_on": "2026-03-06"}, {"provider": "县医院"}):
        await file(client, person, **change)
    await taken(client, claim["id"], "withdrawal")
    assert (await client.post(CLAIMS, json=same)).status_code == 201


async def test_papers_are_asked_for_all_at_once_and_checked_by_content(
    client: httpx.AsyncClient,
) -> None:
    person = await arrive(client)
    claim = (await file(client, person, service="away-treatment", payer_region="500101"))["id"]
    refused = await step(client, claim, "check")
    assert (refused.status_code, kind_of(refused)) == (409, "papers-missing")
    assert refused.json()["missing"] == ["receipt", "record"]
    for content in (b"MZ not a paper", PDF[:-7], b""):
        wrong = await attach(client, claim, content)
        assert (wrong.status_code, kind_of(wrong)) == (415, "wrong-media-type"), content
    large = await attach(client, claim, JPEG + b"\0" * MOST_BYTES)
    assert (large.status_code, kind_of(large)) == (413, "body-too-large")
    paper = (await attach(client, claim, PNG)).json()
    assert (paper["media_type"], paper["size"]) == ("image/png", len(PNG))
    assert (await attach(client, claim, JPEG, "record")).status_code == 201
    assert (await taken(client, claim, "check"))["status"] == "checked"
    file_ = await client.get(f"{PAPERS}/{paper['id']}")
    assert (file_.content, file_.headers["content-type"]) == (PNG, "image/png")
    assert file_.headers["x-content-type-options"] == "nosniff"


async def test_papers_are_sealed_and_hers(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI, cluster: Cluster
) -> None:
    person = await arrive(client)
    claim = (await file(client, person))["id"]
    paper = (await attach(client, claim, PDF)).json()["id"]
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        (row,) = await connection.fetch("SELECT * FROM claim_papers")
        kept = bytes(row["content_sealed"])
        claims = str(dict(await connection.fetchrow("SELECT * FROM claims") or {}))
    finally:
        await connection.close()
    assert PDF[:20] not in kept
    assert CARD not in claims
    assert "高碑" not in claims
    stranger = bearer(issuer, scope="self", sub=str(new_id()))
    own = bearer(issuer, scope="self", sub=person)
    for path in (f"{PAPERS}/{paper}", f"{CLAIMS}/{claim}"):
        assert (await client.get(path, headers=stranger)).status_code == 404
        assert (await client.get(path, headers=own)).status_code == 200
    assert (await attach(client, claim, PDF, headers=stranger)).status_code == 404
    for what in ("confirmation", "withdrawal"):
        assert (await step(client, claim, what, **stranger)).status_code == 404
    listed = await client.get(CLAIMS, headers=stranger)
    assert listed.status_code == 404
    mine = await client.get(CLAIMS, params={"person_id": person}, headers=own)
    assert [each["id"] for each in mine.json()["items"]] == [claim]
    theirs = await client.get(CLAIMS, params={"person_id": person}, headers=stranger)
    assert theirs.status_code == 404


async def test_a_refusal_has_its_reason_and_an_objection_is_answered_again(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    person = await arrive(client)
    claim = await sent(client, person)
    await on_paper(client, app, claim)
    for body in (
        {"granted": False},
        {"granted": True},
        {"granted": False, "granted_fen": 1, "reason": "x"},
    ):
        wrong = await step(client, claim, "decision", body)
        assert (wrong.status_code, kind_of(wrong)) == (422, "reason-needed"), body
    high = await step(client, claim, "decision", {"granted": True, "granted_fen": 4551})
    assert (kind_of(high), high.json()["most_fen"]) == ("grant-too-high", 4550)
    refused = await step(client, claim, "decision", {"granted": False, "reason": "票据不清"})
    assert (refused.json()["status"], refused.json()["reason"]) == ("refused", "票据不清")
    assert await pay(client, claim) == [{"claim_id": claim, "problem": "claim-not-at-this-step"}]
    view = await taken(client, claim, "objection")
    assert (view["status"], view["objection"]) == ("objected", "少算了挂号费")
    assert (await attach(client, claim, JPEG, "other")).status_code == 201
    assert (await taken(client, claim, "decision"))["reason"] is None
    again = await step(client, claim, "objection", {"reason": "还是少"})
    assert kind_of(again) == "claim-not-at-this-step"
    stranger = str(new_id())
    assert await pay(client, claim, stranger) == [
        {"claim_id": claim, "problem": None},
        {"claim_id": stranger, "problem": "not-found"},
    ]
    assert [each["paid"] for each in await events(app, "claim-settled")] == [False, True]


async def test_deadlines_are_data_and_what_is_late_is_listed_but_never_lost(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI, cluster: Cluster
) -> None:
    admin = bearer(issuer, scope="migrant:admin")
    shipped = (await client.get(RULES)).json()
    assert all(each["shipped"] for each in shipped)
    rules = {each["rule"]["code"]: each["rule"] for each in shipped}
    body = rules["basic-service"] | {
        "since": "2026-01-01",
        "check_days": 2,
        "most_fen": 3000,
        "source": "县文件〔2026〕1号",
    }
    assert (await client.post(RULES, json=body)).status_code == 403
    made = await client.post(RULES, json=body, headers=admin)
    assert (made.status_code, made.json()["shipped"]) == (201, False)
    assert kind_of(await client.post(RULES, json=body, headers=admin)) == "claim-rule-exists"
    person = await arrive(client)
    claim = await file(client, person)
    assert claim["due_on"] == str(today() + timedelta(days=2))
    old = await file(client, person, served_on="2025-12-31")
    assert old["due_on"] == str(today() + timedelta(days=5))
    overdue = {"overdue": True}
    assert (await client.get(CLAIMS, params=overdue)).json()["items"] == []
    await age(cluster, 3)
    late = (await client.get(CLAIMS, params=overdue)).json()["items"]
    assert [(each["id"], each["overdue"]) for each in late] == [(claim["id"], True)]
    assert (await attach(client, claim["id"])).status_code == 201
    await taken(client, claim["id"], "check", "submission")
    await on_paper(client, app, claim["id"])
    limited = await step(client, claim["id"], "decision", {"granted": True, "granted_fen": 3001})
    assert limited.json()["most_fen"] == 3000
    await age(cluster, 40)
    granted = {"granted": True, "granted_fen": 3000}
    assert (await step(client, claim["id"], "decision", granted)).status_code == 200
    await pay(client, claim["id"])
    (settled,) = await events(app, "claim-settled")
    assert (settled["in_time"], settled["office_in_time"]) == (False, False)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount_fen": 0}, 422),
        ({"amount_fen": -5}, 422),
        ({"amount_fen": 45.5}, 422),
        ({"amount_fen": "4550"}, 422),
        ({"amount_fen": 10**9}, 422),
        ({"served_on": "2099-01-01"}, 422),
        ({"account": "6222020000000000001"}, 422),
        ({"certificate_id": "x"}, 422),
        ({"children": 1}, 422),
        ({"service": "occupational-check"}, 422),
        ({"service": "away-treatment"}, 422),
        ({"service": "no-such-rule"}, 409),
        ({"served_on": "2009-12-31"}, 409),
        ({"region": "420381100"}, 403),
    ],
)
async def test_what_cannot_be_filed(
    client: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    person = await arrive(client)
    answer = await client.post(CLAIMS, json=make_claim(person, **change))
    assert answer.status_code == status, answer.text


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    person = await arrive(client)
    claim = (await file(client, person))["id"]
    assert (await client.post(CLAIMS, json=make_claim(str(new_id())))).status_code == 404
    for what in ("submission", "decision", "confirmation"):
        body = {"granted": True, "granted_fen": 1} if what == "decision" else None
        early = await step(client, claim, what, body)
        assert (early.status_code, kind_of(early)) == (409, "claim-not-at-this-step")
    away = bearer(issuer, scope="migrant:read migrant:write", region="420325101")
    assert (await client.get(f"{CLAIMS}/{claim}", headers=away)).status_code == 404
    assert (await step(client, claim, "check", **away)).status_code == 404
    own = bearer(issuer, scope="self", sub=person)
    assert (await step(client, claim, "check", **own)).status_code == 403
    reader = bearer(issuer, scope="migrant:read")
    refused = await client.post(CLAIMS, json=make_claim(person), headers=reader)
    assert refused.status_code == 403
    del client.headers["Purpose"]
    assert (await client.get(f"{CLAIMS}/{claim}")).status_code == 400
    assert (await client.get(RULES)).status_code == 200
