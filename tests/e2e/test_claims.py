"""A claim between two counties, each with its migrant service and its exchange: filed here, paid
there, and after each step the same on both sides."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.app import create
from services.migrant.settings import Settings
from shared.bus import Received
from shared.clock import today
from shared.testing import Issuer, client_of, running, service_settings
from tests.conftest import Cluster, parts_of
from tests.exchange.conftest import friends as friends
from tests.exchange.conftest import strangers as strangers
from tests.exchange.federation import (
    COUNTY,
    OTHER,
    FakeBus,
    Federation,
    Node,
    database_of,
    eventually,
)
from tests.migrant.conftest import bearer
from tests.migrant.samples import fresh_id_number, make_arrival
from tests.migrant.test_claims_routes import make_claim
from tests.migrant.test_claims_rules import PDF

SCOPES = "migrant:read migrant:write migrant:approve"


@dataclass
class County:
    """A county's two services, and a clerk at its migrant desk."""

    node: Node
    migrant: FastAPI
    bus: FakeBus
    clerk: httpx.AsyncClient
    issuer: Issuer
    _read: dict[str, int] = field(default_factory=dict)

    async def carry(self) -> None:
        """What each of the two says reaches the other, as the county's bus brings it; twice."""
        for name, bus, app in (
            ("migrant", self.bus, self.node.app),
            ("exchange", self.node.bus, self.migrant),
        ):
            for event in bus.events[self._read.get(name, 0) :]:
                value = json.dumps(event).encode()
                for _ in range(2):
                    assert await parts_of(app).loop.deliver(Received("", 0, 0, "", value))
                self._read[name] = self._read.get(name, 0) + 1

    async def do(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        answer = await self.clerk.post(f"/migrant/v1/{path}", json=body, **more)
        assert answer.is_success, answer.text
        return dict(answer.json())

    async def get(self, path: str) -> Any:
        answer = await self.clerk.get(f"/migrant/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def becomes(self, path: str, **wanted: Any) -> dict[str, Any]:
        """What it reads once it reads so."""

        async def look() -> dict[str, Any] | None:
            answer = await self.clerk.get(f"/migrant/v1/{path}")
            said = answer.json() if answer.is_success else {}
            return said if wanted.items() <= said.items() else None

        return dict(await eventually(look))

    def settled(self) -> list[bool]:
        """What the assessment hears of claims."""
        kind = "yipan.migrant.claim-settled.v1"
        return [each["data"]["paid"] for each in self.bus.events if each["type"] == kind]


async def repeat(step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await step()
        await asyncio.sleep(0.02)


@asynccontextmanager
async def county(node: Node, cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    bus = FakeBus()
    dsn = await database_of(cluster, node.id, "migrant")
    settings = service_settings("migrant", dsn, issuer, node_id=node.id, region=node.region)
    app = create(Settings(**settings), bus)
    token = issuer.token(scope=SCOPES, region=node.region)
    async with running(app), client_of(app, token, {"Purpose": "service"}) as clerk:
        made = County(node, app, bus, clerk, issuer)
        carrying = asyncio.create_task(repeat(made.carry))
        try:
            yield made
        finally:
            carrying.cancel()
            with suppress(asyncio.CancelledError):
                await carrying


@pytest.fixture
async def counties(
    friends: Federation, cluster: Cluster, issuer: Issuer
) -> AsyncIterator[tuple[County, County]]:
    """Where the service was given, and the home county that pays."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        yield (
            await enter(county(friends[COUNTY], cluster, issuer)),
            await enter(county(friends[OTHER], cluster, issuer)),
        )


async def filed(here: County) -> tuple[str, dict[str, str]]:
    """A claim that was sent, and whose it is."""
    body = make_arrival(id_number=fresh_id_number(), origin_region="420381100001")
    person = (await here.do("arrivals", body))["person_id"]
    claim = str((await here.do("claims", make_claim(person)))["id"])
    answer = await here.clerk.post(
        "/migrant/v1/claim-papers",
        data={"claim_id": claim, "kind": "receipt"},
        files={"file": ("发票.pdf", PDF)},
    )
    assert answer.status_code == 201, answer.text
    for step in ("check", "submission"):
        await here.do(f"claims/{claim}/{step}")
    return claim, bearer(here.issuer, scope="self", sub=person, region=here.node.region)


async def pay(home: County, claim: str) -> None:
    drawn = await home.do("claim-payment-lists", {"claim_ids": [claim]})
    path = f"claim-payment-lists/{drawn['id']}"
    second = bearer(home.issuer, scope=SCOPES, region=home.node.region, sub="second")
    await home.do(f"{path}/approval", {"total_fen": drawn["total_fen"]}, headers=second)
    await home.do(f"{path}/payment", {"reference": "T-1", "paid_on": str(today())})


def sums(balances: Mapping[str, Any]) -> dict[str, Any]:
    (line,) = balances["items"]
    return {name: value for name, value in line.items() if name.endswith("_fen")}


async def test_a_claim_is_refused_disputed_granted_paid_and_confirmed(
    counties: tuple[County, County],
) -> None:
    here, home = counties
    claim, her = await filed(here)
    ours, theirs = f"claims/{claim}", f"received-claims/{claim}"
    came = await home.becomes(theirs, status="received")
    assert (came["name"], came["amount_fen"]) == ("刘小梅", 4550)
    await here.becomes(ours, status="sent", arrived_on=str(today()))

    await home.do(f"{theirs}/decision", {"granted": False, "reason": "票据不清"})
    await here.becomes(ours, status="refused", reason="票据不清")
    await here.do(f"{ours}/objection", {"reason": "票据清楚"}, headers=her)
    await home.becomes(theirs, status="objected", objection="票据清楚")

    asked = {"claim_id": claim, "amount_fen": 4550, "why": "票据清楚"}
    inquiry = {"kind": "claim-dispute", "to_region": "420381", "subject": {}, "question": asked}
    opened = await here.node.call("POST", "/inquiries", inquiry, expect=201)
    await here.do(f"{ours}/dispute", {"reference": opened["id"]})
    await home.becomes(theirs, status="objected", reference=opened["id"])
    await home.node.call("GET", f"/inquiries/{opened['id']}")

    granted = {"granted": True, "granted_fen": 4000, "reason": "挂号费不在范围内"}
    await home.do(f"{theirs}/decision", granted)
    await here.becomes(ours, status="accepted", granted_fen=4000)
    await pay(home, claim)
    await here.becomes(ours, status="paid", paid_fen=4000, list_reference="T-1")
    await here.do(f"{ours}/confirmation", headers=her)
    await home.becomes(theirs, status="confirmed")

    month = f"claim-balances?month={today():%Y-%m}"
    there = await home.get(month)
    assert sums(await here.get(month)) == sums(there)
    assert sums(there)["paid_fen"] == 4000
    assert (here.settled(), home.settled()) == ([False, True], [])


async def test_its_papers_are_opened_where_it_is_paid_and_go_when_it_is_taken_back(
    counties: tuple[County, County],
) -> None:
    here, home = counties
    claim, her = await filed(here)
    theirs = f"received-claims/{claim}"
    await home.becomes(theirs, status="received")

    async def paper() -> dict[str, Any] | None:
        papers = (await home.get(theirs))["papers"]
        return papers[0] if papers else None

    received = dict(await eventually(paper))
    assert (received["kind"], received["size"]) == ("receipt", len(PDF))
    assert received["sha256"] == sha256(PDF).hexdigest()
    token = home.issuer.token(scope="exchange:read", region=home.node.region)
    path = f"/exchange/v1/attachments/{received['id']}/content"
    async with client_of(home.node.app, token, {"Purpose": "service"}) as clerk:

        async def content() -> bytes | None:
            answer = await clerk.get(path)
            return answer.content if answer.is_success else None

        assert await eventually(content) == PDF
        await here.do(f"claims/{claim}/withdrawal", headers=her)
        await home.becomes(theirs, status="withdrawn")

        async def gone() -> bool:
            return (await clerk.get(path)).status_code == 409

        assert await eventually(gone)
    (kept,) = (await home.get(theirs))["papers"]
    assert kept["released_at"] and kept["sha256"] == received["sha256"]


async def test_it_is_asked_back_and_settled_on_paper_unless_it_was_paid(
    counties: tuple[County, County],
) -> None:
    here, home = counties
    claim, _ = await filed(here)
    await home.becomes(f"received-claims/{claim}", status="received")
    await here.do(f"claims/{claim}/recall")
    await here.becomes(f"claims/{claim}", by_hand=True, recalled_on=None, status="sent")
    await home.becomes(f"received-claims/{claim}", status="withdrawn", name=None)
    await here.do(f"claims/{claim}/decision", {"granted": True, "granted_fen": 4000})
    entered = {"list_reference": "P-1", "paid_on": str(today()), "claim_ids": [claim]}
    (line,) = (await here.do("claim-payments", entered))["items"]
    assert line["problem"] is None

    other, _ = await filed(here)
    theirs = f"received-claims/{other}"
    await home.becomes(theirs, status="received")
    await home.do(f"{theirs}/decision", {"granted": True, "granted_fen": 4550})
    drawn = await home.do("claim-payment-lists", {"claim_ids": [other]})
    path = f"claim-payment-lists/{drawn['id']}"
    second = bearer(home.issuer, scope=SCOPES, region=home.node.region, sub="second")
    await home.do(f"{path}/approval", {"total_fen": 4550}, headers=second)
    await here.becomes(f"claims/{other}", status="accepted")
    late = await here.clerk.post(f"/migrant/v1/claims/{other}/recall")
    assert late.status_code == 409  # that county has said that it pays
    await home.do(f"{path}/payment", {"reference": "T-2", "paid_on": str(today())})
    await here.becomes(f"claims/{other}", status="paid", by_hand=False, recalled_on=None)
    late = await here.clerk.post(
        f"/migrant/v1/claims/{other}/decision", json={"granted": True, "granted_fen": 1}
    )
    assert late.status_code == 409


async def test_a_claim_put_right_and_taken_back_is_so_on_both_sides(
    counties: tuple[County, County],
) -> None:
    here, home = counties
    claim, her = await filed(here)
    ours, theirs = f"claims/{claim}", f"received-claims/{claim}"
    await here.do(f"{ours}/correction", {"amount_fen": 3000})
    await home.becomes(theirs, amount_fen=3000, status="received")
    await home.do(f"{theirs}/decision", {"granted": True, "granted_fen": 3000})
    await here.becomes(ours, status="accepted", granted_fen=3000)
    other, her = await filed(here)
    await here.do(f"claims/{other}/withdrawal", headers=her)
    await home.becomes(f"received-claims/{other}", status="withdrawn", name=None, id_number=None)
    assert (await here.get(f"claims/{other}"))["status"] == "withdrawn"
