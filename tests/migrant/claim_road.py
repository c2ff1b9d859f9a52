"""The road between two counties as the exchange lays it, here without the exchange: what one side
says arrives at the other as what it received. Both sides are one county in these tests, which is
its own neighbour. tests/exchange/test_claims_federation.py has the real road."""

from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.migrant.arrivals.handlers import register_arrival
from services.migrant.arrivals.schemas import RegisterArrival
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.receiving import receive_claim, receive_step
from shared.clock import today
from shared.db import Tx
from shared.events.base import Event
from shared.events.exchange_claims import ClaimAnswerReceived, ClaimReceived, ClaimStepReceived
from shared.events.migrant_claims import ClaimAnswered, ClaimStepTaken, ClaimSubmitted
from shared.ids import new_id
from tests.migrant.samples import fresh_id_number, id_number, make_arrival

HERE, THERE = "420325", "500101"
CARD = "6222020000000000000"


async def met(tx: Tx) -> UUID:
    """Somebody the desk has just met."""
    arrival = RegisterArrival.model_validate(make_arrival(id_number=fresh_id_number()))
    return (await register_arrival(arrival, tx)).person_id


def make_received(**overrides: Any) -> ClaimReceived:
    """What the exchange says when another county's claim comes in."""
    values: dict[str, Any] = {
        "claim_id": new_id(),
        "from_region": THERE,
        "payer_region": HERE,
        "revision": 1,
        "service": "basic-service",
        "rule": "在现居住地自付的基本服务项目费用",
        "rule_since": date(2010, 1, 1),
        "rule_source": "某市流动人口管理办法",
        "served_on": date(2026, 3, 5),
        "amount_fen": 4550,
        "submitted_on": today(),
        "decide_by": today() + timedelta(days=30),
        "pay_days": 30,
        "name": "刘小梅",
        "id_number": id_number(),
        "provider": "高碑社区卫生服务站",
        "account": CARD,
        "reference": None,
    }
    return ClaimReceived(**(values | overrides))


def make_step(claim_id: UUID, revision: int, step: str, **overrides: Any) -> ClaimStepReceived:
    values: dict[str, Any] = {
        "claim_id": claim_id,
        "from_region": THERE,
        "revision": revision,
        "step": step,
        "taken_on": today(),
        "decide_by": today() + timedelta(days=30) if step == "objected" else None,
        "objection": "少算了挂号费" if step == "objected" else None,
        "reference": None,
    }
    return ClaimStepReceived(**(values | overrides))


def make_answer(claim_id: UUID, number: int, standing: str, **overrides: Any) -> Any:
    """What the exchange says when the paying county answers."""
    decided = standing in ("accepted", "refused", "paid")
    values: dict[str, Any] = {
        "claim_id": claim_id,
        "from_region": THERE,
        "revision": 1,
        "number": number,
        "standing": standing,
        "answered_on": today(),
        "granted_fen": 4000 if standing in ("accepted", "paid") else None,
        "paid_fen": 4000 if standing == "paid" else None,
        "reason": "挂号费不在范围内" if decided else None,
        "decided_on": today() if decided else None,
        "paid_on": today() if standing == "paid" else None,
        "list_reference": "2026-07/12" if standing == "paid" else None,
        "reference": None,
    }
    return ClaimAnswerReceived(**(values | overrides))


def carried(event: Event) -> Event | None:
    """What the other county hears of it; None of what does not go there."""
    said = event.model_dump()
    match event:
        case ClaimSubmitted():
            kept = ClaimReceived.model_fields.keys() & said.keys()
            return ClaimReceived(from_region=event.region, **{name: said[name] for name in kept})
        case ClaimStepTaken():
            kept = ClaimStepReceived.model_fields.keys() & said.keys()
            return ClaimStepReceived(
                from_region=event.region, **{name: said[name] for name in kept}
            )
        case ClaimAnswered():
            kept = ClaimAnswerReceived.model_fields.keys() & said.keys()
            return ClaimAnswerReceived(
                from_region=event.region, **{name: said[name] for name in kept}
            )
    return None


async def bring(event: Event, tx: Tx) -> None:
    """What was said arrives."""
    if isinstance(event, ClaimReceived):
        await receive_claim(event, tx)
    elif isinstance(event, ClaimStepReceived):
        await receive_step(event, tx)
    elif isinstance(event, ClaimAnswerReceived):
        await hear_answer(event, tx)


class Road:
    """Brings what was said of a claim on one side to the other: in any order, some of it twice."""

    def __init__(self, claim_id: UUID, tx: Tx, random: Random) -> None:
        self._claim = str(claim_id)
        self._tx = tx
        self._random = random
        self._read = 0
        self._under_way: list[Event] = []

    def gather(self) -> bool:
        """Put on the road what was said since; whether anything is under way."""
        said = self._tx.emitted
        for event in said[self._read :]:
            if event.key == self._claim and (brought := carried(event)) is not None:
                self._under_way += [brought] * self._random.choice((1, 1, 2))
        self._read = len(said)
        return bool(self._under_way)

    async def bring_one(self) -> None:
        if not self.gather():
            return
        event = self._under_way.pop(self._random.randrange(len(self._under_way)))
        await bring(event, self._tx)

    async def bring_all(self) -> None:
        while self.gather():
            await self.bring_one()
