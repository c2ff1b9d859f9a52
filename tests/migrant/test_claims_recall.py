"""A claim asked back to be settled on paper: in every order in which the two counties can act and
their words can arrive, it is paid once at most."""

from collections.abc import Sequence
from functools import partial
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
from services.migrant.claims.rules import ClaimStatus
from services.migrant.claims.schemas import CorrectClaim, DecideClaim, DisputeClaim, PayClaims
from shared.events.exchange_claims import ClaimNeverLeft
from shared.events.migrant_claims import ClaimStepTaken, ClaimSubmitted
from shared.problems import Problem
from shared.testing import Issuer, emitted
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.claim_road import THERE, make_answer
from tests.migrant.claim_walk import Pair, Walk, assert_settled
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

# Asking it back, and whatever either county can do meanwhile.
ACTS = (grant, draw, approve, settle, give_up, recall_claim, on_paper, paid_on_paper)


def _never_twice(pairs: Sequence[Pair]) -> None:
    ((ours, theirs),) = pairs
    assert not (ours.by_hand and theirs is not None and theirs.paid_fen)
    assert not (ours.by_hand and ours.recalled_on)


async def test_in_every_order_it_is_paid_once(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        walk = Walk([partial(act, claim_id) for act in ACTS], _never_twice, tx)
        await walk.on()
        ends = {(ours.status, ours.by_hand, ours.revision > 1) for ((ours, _),) in walk.ends}
        assert ends == {
            ("paid", True, True),  # asked back, given back, paid on paper
            ("paid", False, True),  # asked back, but the money was on its way
            ("paid", False, False),  # never asked back
        }
        for ((ours, theirs),) in walk.ends:
            assert_settled(ours, theirs)
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
