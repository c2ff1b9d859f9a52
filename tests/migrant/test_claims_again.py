"""She takes a claim back and files again: in every order in which that, the payment and the words
between the two counties can cross, one of the two is paid at most."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.claims.errors import BeingTakenBack, ClaimedBefore
from services.migrant.claims.handlers import file_claim, withdraw_claim
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.models import Claim
from services.migrant.claims.recalling import note_never_left
from services.migrant.claims.schemas import FileClaim
from shared.db import Tx
from shared.events.exchange_claims import ClaimNeverLeft
from shared.problems import Conflict
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.claim_road import HERE, THERE, make_answer
from tests.migrant.claim_walk import Pair, Walk, assert_settled
from tests.migrant.samples import clerk
from tests.migrant.test_claims_between import approve, draw, give_up, grant, sent, settle
from tests.migrant.test_claims_routes import file, kind_of, make_claim, step
from tests.migrant.test_claims_routes import sent as sent_over_http
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_employments_routes import arrive

FEN, PUT_RIGHT = 4550, 4055


async def again(tx: Tx, fen: int = PUT_RIGHT, payer_region: str = HERE) -> UUID:
    """The same service of the same day is filed once more, after she took the first back."""
    first, *others = await _claims(tx)
    if others or first.withdrawn_on is None:
        raise Conflict()  # another receipt of that day is another claim
    body = make_claim(str(first.person_id), payer_region=payer_region, amount_fen=fen)
    return (await file_claim(FileClaim.model_validate(body), tx)).id


async def _claims(tx: Tx) -> list[Claim]:
    return await tx.find(Claim, "SELECT * FROM claims ORDER BY id")


def _never_two(pairs: Sequence[Pair]) -> None:
    """Beside the second, the first is nowhere to be paid any more."""
    (ours, theirs), *others = pairs
    if others:
        assert (ours.status, ours.paid_fen) == ("withdrawn", None)
        assert theirs is not None
        assert (theirs.status, theirs.paid_fen, theirs.list_id) == ("withdrawn", None, None)


async def test_in_every_order_one_of_the_two_is_paid(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim = await sent(tx, amount_fen=FEN)
        acts = [partial(act, claim) for act in (grant, draw, approve, settle, give_up)]
        walk = Walk([*acts, partial(withdraw_claim, claim), again], _never_two, tx)
        await walk.on()
        assert {tuple(ours.status for ours, _ in pairs) for pairs in walk.ends} == {
            ("withdrawn", "filed"),  # given back, and filed again
            ("paid",),  # not taken back, or the money was on its way: it stands, and no other
        }
        assert {ours.withdrawn_on for ((ours, _), *_) in walk.ends} == {None, tx.today}
        for (ours, theirs), *_ in walk.ends:
            assert_settled(ours, theirs)
        assert len(walk.states) > 50


async def test_not_before_it_was_given_back_whatever_the_sum(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim = await sent(tx, THERE, amount_fen=FEN)
        await withdraw_claim(claim, tx)
        await hear_answer(make_answer(claim, 1, "accepted"), tx)  # it has not heard of it yet
        for fen in (FEN, PUT_RIGHT):
            with pytest.raises(BeingTakenBack):
                await again(tx, fen, THERE)
        await hear_answer(make_answer(claim, 2, "withdrawn", revision=2), tx)
        (first,) = await _claims(tx)
        assert (first.status, first.given_back_on, first.by_hand) == ("withdrawn", tx.today, False)
        assert await again(tx, FEN, THERE) != claim


async def test_what_never_left_is_given_back_by_our_exchange(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim = await sent(tx, THERE, amount_fen=FEN)
        await withdraw_claim(claim, tx)
        await note_never_left(ClaimNeverLeft(claim_id=claim, revision=3), tx)  # of no word said
        with pytest.raises(BeingTakenBack):
            await again(tx, payer_region=THERE)
        await note_never_left(ClaimNeverLeft(claim_id=claim, revision=2), tx)
        await again(tx, payer_region=THERE)


async def test_what_was_paid_all_the_same_stands_for_that_service_and_day(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim = await sent(tx, THERE, amount_fen=FEN)
        await withdraw_claim(claim, tx)
        await hear_answer(make_answer(claim, 1, "paid", revision=2), tx)
        for fen in (FEN, PUT_RIGHT):
            with pytest.raises(ClaimedBefore):
                await again(tx, fen, THERE)


async def test_over_http(client: httpx.AsyncClient, app: FastAPI) -> None:
    person = await arrive(client)
    claim = await sent_over_http(client, person, payer_region=THERE)
    taken = await step(client, claim, "withdrawal")
    assert (taken.json()["status"], taken.json()["given_back_on"]) == ("withdrawn", None)
    early = await client.post("/migrant/v1/claims", json=make_claim(person, payer_region=THERE))
    assert (early.status_code, kind_of(early)) == (409, "claim-being-taken-back")
    other_day = make_claim(person, payer_region=THERE, served_on="2026-03-06")
    assert (await client.post("/migrant/v1/claims", json=other_day)).status_code == 201
    await deliver_twice(app, ClaimNeverLeft(claim_id=UUID(claim), revision=2))
    seen = (await client.get(f"/migrant/v1/claims/{claim}")).json()
    assert seen["given_back_on"] and not seen["by_hand"]
    assert (await file(client, person, payer_region=THERE))["status"] == "filed"
