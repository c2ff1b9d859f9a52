"""A claim asked back to be settled on paper: in every order in which the two counties can act and
their words can arrive, it is paid once at most."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.errors import AnsweredThere, NotRecallable, RecallUnderWay
from services.migrant.claims.handlers import (
    correct_claim,
    decide_claim,
    dispute_claim,
    pay_claims,
    withdraw_claim,
)
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.models import Claim
from services.migrant.claims.recalling import note_never_left, recall_claim
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.rules import STATUS_OF, ClaimStatus, Standing
from services.migrant.claims.schemas import CorrectClaim, DecideClaim, DisputeClaim, PayClaims
from shared.db import Tx
from shared.events.base import Event
from shared.events.exchange_claims import ClaimNeverLeft
from shared.events.migrant_claims import ClaimStepTaken, ClaimSubmitted
from shared.problems import Problem
from shared.testing import Issuer, emitted
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.claim_road import THERE, bring, carried, make_answer
from tests.migrant.conftest import bearer
from tests.migrant.samples import clerk
from tests.migrant.test_claims_between import (
    approve,
    draw,
    give_up,
    grant,
    on_paper,
    paid_on_paper,
    sent,
    settle,
)
from tests.migrant.test_claims_routes import kind_of, step
from tests.migrant.test_claims_routes import sent as sent_over_http
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_employments_routes import arrive

ACTS: Mapping[str, Callable[[UUID, Tx], Awaitable[object]]] = {
    "grant": grant,
    "draw": draw,
    "approve": approve,
    "settle": settle,
    "give-up": give_up,
    "recall": recall_claim,
    "on-paper": on_paper,
    "paid-on-paper": paid_on_paper,
}
State = tuple[object, ...]


class TakenBack(Exception):
    """Ends an attempt whose outcome was looked at."""


class Walk:
    """Every order, from one state to all that follow from it; each state is gone on from once."""

    def __init__(self, claim_id: UUID, tx: Tx) -> None:
        self._claim_id = claim_id
        self._tx = tx
        self.states: set[State] = set()
        self.ends: set[tuple[str, bool, bool]] = set()

    async def on(self, brought: frozenset[int]) -> None:
        waiting = {
            number: event
            for number, event in enumerate(self._tx.emitted)
            if number not in brought and event.key == str(self._claim_id) and carried(event)
        }
        ours = await self._tx.require(Claim, self._claim_id)
        theirs = await self._tx.get(ReceivedClaim, self._claim_id)
        state = await self._state(ours, theirs, list(waiting.values()))
        if state in self.states:
            return
        self.states.add(state)
        self._never_twice(ours, theirs)
        moved = False
        for act in ACTS.values():
            moved |= await self._try(act(self._claim_id, self._tx), brought)
        for number, event in waiting.items():
            word = carried(event)
            assert word is not None
            moved |= await self._try(bring(word, self._tx), brought | {number})
        if not moved:
            self._end(ours, theirs)

    async def _try(self, act: Awaitable[object], brought: frozenset[int]) -> bool:
        """Whether it could be done; all that follows from it is walked, and it is taken back."""
        with suppress(TakenBack):
            try:
                async with self._tx.attempt():
                    await act
                    await self.on(brought)
                    raise TakenBack
            except Problem:
                return False
        return True

    async def _state(
        self, ours: Claim, theirs: ReceivedClaim | None, waiting: list[Event]
    ) -> State:
        here = (ours.status, ours.by_hand, ours.recalled_on, ours.paid_fen)
        words = (ours.revision, ours.answers_heard)
        there: State = ()
        if theirs is not None:
            listed = await self._tx.fetch_value(
                "SELECT status FROM claim_payment_lists WHERE id = $1", theirs.list_id
            )
            there = (theirs.status, theirs.paid_fen, theirs.revision, theirs.answers, listed)
        held = await self._tx.fetch_value("SELECT count(*) FROM held_claim_words")
        on_the_way = frozenset(
            (type(each).__name__, getattr(each, "revision", 0), getattr(each, "number", 0))
            for each in waiting
        )
        return (here, words, there, held, on_the_way)

    def _never_twice(self, ours: Claim, theirs: ReceivedClaim | None) -> None:
        assert not (ours.by_hand and theirs is not None and theirs.paid_fen)
        assert not (ours.by_hand and ours.recalled_on)

    def _end(self, ours: Claim, theirs: ReceivedClaim | None) -> None:
        assert theirs is not None
        assert ours.recalled_on is None
        if ours.by_hand:
            assert theirs.status == Standing.WITHDRAWN
        else:
            assert ours.status == STATUS_OF[Standing(theirs.status)]
            assert ours.paid_fen == theirs.paid_fen
        self.ends.add((ours.status, ours.by_hand, ours.revision > 1))


async def test_in_every_order_it_is_paid_once(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        walk = Walk(await sent(tx), tx)
        await walk.on(frozenset())
        assert walk.ends == {
            ("paid", True, True),  # asked back, given back, paid on paper
            ("paid", False, True),  # asked back, but the money was on its way
            ("paid", False, False),  # never asked back
        }
        assert len(walk.states) > 100


async def test_nothing_is_entered_on_paper_while_that_county_may_pay(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        granted = DecideClaim(granted=True, granted_fen=4000)
        with pytest.raises(AnsweredThere):
            await decide_claim(claim_id, granted, tx)
        await recall_claim(claim_id, tx)
        (told,) = emitted(tx, ClaimStepTaken)
        assert isinstance(told, ClaimStepTaken)
        assert (told.step, told.revision) == ("withdrawn", 2)
        for act in (
            decide_claim(claim_id, granted, tx),
            correct_claim(claim_id, CorrectClaim(amount_fen=1), tx),
        ):
            with pytest.raises(RecallUnderWay):
                await act
        with pytest.raises(NotRecallable):
            await recall_claim(claim_id, tx)
        await hear_answer(make_answer(claim_id, 1, "received"), tx)  # it has not heard of it yet
        assert (await tx.require(Claim, claim_id)).recalled_on == tx.today
        assert len(emitted(tx, ClaimStepTaken)) == 2  # it is told again
        await hear_answer(make_answer(claim_id, 2, "withdrawn", revision=2), tx)
        view = await decide_claim(claim_id, granted, tx)
        assert (view.by_hand, view.recalled_on, view.status) == (True, None, ClaimStatus.ACCEPTED)
        command = PayClaims(list_reference="1", paid_on=tx.today, claim_ids=[claim_id])
        (line,) = (await pay_claims(command, tx)).items
        assert line.problem is None


async def test_a_county_that_has_paid_keeps_it(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        await recall_claim(claim_id, tx)
        await hear_answer(make_answer(claim_id, 3, "paid", revision=2), tx)
        ours = await tx.require(Claim, claim_id)
        assert (ours.status, ours.by_hand, ours.recalled_on) == (ClaimStatus.PAID, False, None)
        with pytest.raises(Problem, match="claim-not-at-this-step"):
            await decide_claim(claim_id, DecideClaim(granted=True, granted_fen=1), tx)


async def test_what_had_not_left_is_on_paper_at_once_and_never_sent_again(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        await note_never_left(ClaimNeverLeft(claim_id=claim_id, revision=2), tx)
        assert not (await tx.require(Claim, claim_id)).by_hand  # nobody asked it back
        await recall_claim(claim_id, tx)
        for _ in range(2):
            await note_never_left(ClaimNeverLeft(claim_id=claim_id, revision=2), tx)
        assert (await tx.require(Claim, claim_id)).by_hand
        before = len(emitted(tx, ClaimSubmitted))
        corrected = await correct_claim(claim_id, CorrectClaim(amount_fen=3000), tx)
        assert (corrected.amount_fen, corrected.status) == (3000, ClaimStatus.SENT)
        await dispute_claim(claim_id, DisputeClaim(reference="1"), tx)
        assert len(emitted(tx, ClaimSubmitted)) == before


async def test_she_may_take_it_back_while_it_is_asked_back(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        await recall_claim(claim_id, tx)
        await withdraw_claim(claim_id, tx)
        await note_never_left(ClaimNeverLeft(claim_id=claim_id, revision=2), tx)
        await hear_answer(make_answer(claim_id, 1, "withdrawn", revision=3), tx)
        ours = await tx.require(Claim, claim_id)
        assert (ours.status, ours.by_hand) == (ClaimStatus.WITHDRAWN, False)


async def test_over_http(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    person = await arrive(client)
    claim = await sent_over_http(client, person)
    granted = {"granted": True, "granted_fen": 4000}
    refused = await step(client, claim, "decision", granted)
    assert (refused.status_code, kind_of(refused)) == (409, "answered-by-the-paying-county")
    own = bearer(issuer, scope="self", sub=person)
    assert (await step(client, claim, "recall", **own)).status_code == 403
    away = bearer(issuer, scope="migrant:write", region="420381")
    assert (await step(client, claim, "recall", **away)).status_code == 404
    asked = await step(client, claim, "recall")
    assert asked.status_code == 200 and asked.json()["recalled_on"], asked.text
    early = await step(client, claim, "decision", granted)
    assert (early.status_code, kind_of(early)) == (409, "claim-recall-under-way")
    await deliver_twice(app, ClaimNeverLeft(claim_id=UUID(claim), revision=2))
    done = await step(client, claim, "decision", granted)
    assert (done.json()["status"], done.json()["by_hand"]) == ("accepted", True)
    again = await step(client, claim, "recall")
    assert (again.status_code, kind_of(again)) == (409, "claim-not-at-this-step")
    employer = await sent_over_http(
        client, person, service="occupational-check", employer_code="91350100M000100Y43"
    )
    wrong = await step(client, employer, "recall")
    assert (wrong.status_code, kind_of(wrong)) == (409, "claim-not-recallable")
