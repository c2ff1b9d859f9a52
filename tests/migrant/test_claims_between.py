"""A claim between two counties: whatever order things happen and arrive in, both end with the same,
and the assessment hears of it once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from services.migrant.benefits.rules import yuan
from services.migrant.claims.answering import decide_received, dispute_received
from services.migrant.claims.bank_results import enter_results
from services.migrant.claims.bank_schemas import BankAnswer
from services.migrant.claims.errors import DisputedBefore, NothingToCorrect
from services.migrant.claims.handlers import (
    attach_paper,
    check_claim,
    confirm_claim,
    correct_claim,
    decide_claim,
    dispute_claim,
    file_claim,
    object_to_claim,
    pay_claims,
    send_claim,
    withdraw_claim,
)
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.models import Claim
from services.migrant.claims.paying import (
    approve_list,
    draw_list,
    open_lines,
    pay_list,
    withdraw_list,
)
from services.migrant.claims.recalling import recall_claim
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.received_queries import get_balances, get_list, reference_of
from services.migrant.claims.received_schemas import (
    ApproveClaimList,
    DrawClaimList,
    PayClaimList,
)
from services.migrant.claims.rules import STATUS_OF, ClaimStatus, PaperKind, Standing
from services.migrant.claims.schemas import (
    CorrectClaim,
    DecideClaim,
    DisputeClaim,
    FileClaim,
    ObjectToClaim,
    PayClaims,
)
from services.migrant.claims.sealing import opened
from shared.db import Tx
from shared.events.migrant_claims import ClaimSettled, ClaimStepTaken, ClaimSubmitted
from shared.problems import Conflict, NotFound, Problem
from shared.testing import emitted, make_actor
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.claim_road import CARD, HERE, THERE, Road, make_answer, met
from tests.migrant.samples import clerk
from tests.migrant.test_claims_routes import make_claim
from tests.migrant.test_claims_rules import PDF

Act = Callable[[UUID, Tx], Awaitable[object]]
ORDERS = 120


async def sent(tx: Tx, payer_region: str = HERE, **overrides: object) -> UUID:
    """A claim that has left for the county that pays it: our own, its own neighbour."""
    person = await met(tx)
    body = make_claim(str(person), payer_region=payer_region, **overrides)
    claim = await file_claim(FileClaim.model_validate(body), tx)
    await attach_paper(claim.id, PaperKind.RECEIPT, PDF, tx)
    await check_claim(claim.id, tx)
    await send_claim(claim.id, tx)
    return claim.id


async def draw(claim_id: UUID, tx: Tx) -> None:
    await draw_list(DrawClaimList(claim_ids=[claim_id]), tx)


async def list_of(claim_id: UUID, tx: Tx) -> UUID:
    listed = (await tx.require(ReceivedClaim, claim_id)).list_id
    if listed is None:
        raise NotFound()
    return listed


async def approve(claim_id: UUID, tx: Tx) -> None:
    """As the second person."""
    listed = await list_of(claim_id, tx)
    total = (await get_list(listed, tx)).total_fen
    first, tx.actor = tx.actor, make_actor(sub="second", scopes=frozenset({"migrant:approve"}))
    try:
        await approve_list(listed, ApproveClaimList(total_fen=total), tx)
    finally:
        tx.actor = first


async def settle(claim_id: UUID, tx: Tx) -> None:
    listed = await list_of(claim_id, tx)
    await pay_list(listed, PayClaimList(reference="T-1", paid_on=tx.today), tx)


async def bounce(claim_id: UUID, tx: Tx) -> None:
    """The bank gives the money back."""
    listed = await list_of(claim_id, tx)
    (line,) = await open_lines(listed, tx)
    answer = f"流水号,金额,状态,说明\n{reference_of(line)},{yuan(line.amount_fen)},失败,账号有误\n"
    said = BankAnswer(profile="batch-csv-gb18030", reference="B-1", settled_on=tx.today)
    await enter_results(listed, answer.encode("gb18030"), said, tx)


async def give_up(claim_id: UUID, tx: Tx) -> None:
    await withdraw_list(await list_of(claim_id, tx), tx)


async def pay(claim_id: UUID, tx: Tx) -> None:
    """By list: one person draws it up, another approves it."""
    for step in (draw, approve, settle):
        await step(claim_id, tx)


async def on_paper(claim_id: UUID, tx: Tx) -> None:
    """The county answered by letter."""
    await decide_claim(claim_id, DecideClaim(granted=True, granted_fen=2500), tx)


async def paid_on_paper(claim_id: UUID, tx: Tx) -> None:
    command = PayClaims(list_reference="1", paid_on=tx.today, claim_ids=[claim_id])
    (line,) = (await pay_claims(command, tx)).items
    if line.problem is not None:
        raise Conflict()


async def grant(claim_id: UUID, tx: Tx, fen: int = 4000) -> None:
    command = DecideClaim(granted=True, granted_fen=fen, reason="挂号费不在范围内")
    await decide_received(claim_id, command, tx)


async def refuse(claim_id: UUID, tx: Tx) -> None:
    await decide_received(claim_id, DecideClaim(granted=False, reason="票据不清"), tx)


async def object_(claim_id: UUID, tx: Tx) -> None:
    await object_to_claim(claim_id, ObjectToClaim(reason="少算了挂号费"), tx)


async def lower(claim_id: UUID, tx: Tx) -> None:
    await correct_claim(claim_id, CorrectClaim(amount_fen=3000), tx)


async def name_ours(claim_id: UUID, tx: Tx) -> None:
    await dispute_claim(claim_id, DisputeClaim(reference="inquiry-1"), tx)


async def name_theirs(claim_id: UUID, tx: Tx) -> None:
    await dispute_received(claim_id, DisputeClaim(reference="inquiry-2"), tx)


# What each side does, and how often: taking back ends everything, and would end it at once.
ACTS: Mapping[Act, int] = {
    grant: 8,
    refuse: 3,
    pay: 4,
    draw: 4,
    approve: 6,
    settle: 6,
    bounce: 2,
    give_up: 1,
    object_: 3,
    confirm_claim: 3,
    withdraw_claim: 1,
    recall_claim: 1,
    on_paper: 3,
    paid_on_paper: 3,
    lower: 2,
    name_ours: 1,
    name_theirs: 1,
}


async def both(claim_id: UUID, tx: Tx) -> tuple[Claim, ReceivedClaim]:
    return await tx.require(Claim, claim_id), await tx.require(ReceivedClaim, claim_id)


async def same_on_both_sides(claim_id: UUID, tx: Tx) -> None:
    ours, theirs = await both(claim_id, tx)
    if ours.by_hand:  # settled on paper: there it is taken back, and was never paid
        assert (theirs.status, theirs.paid_fen) == (Standing.WITHDRAWN, None)
        return
    assert ours.recalled_on is None
    assert ours.status == STATUS_OF[Standing(theirs.status)]
    for name in (
        *("granted_fen", "paid_fen", "paid_on", "decided_on", "list_reference"),
        *("reference", "revision"),
    ):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.answers_heard == theirs.answers
    if not theirs.paid_fen:
        assert ours.amount_fen == theirs.amount_fen or theirs.status == Standing.WITHDRAWN


@asynccontextmanager
async def suppressed_attempt(tx: Tx) -> AsyncIterator[None]:
    """What cannot be done where the claim stands is not done."""
    with suppress(Problem):
        async with tx.attempt():
            yield


async def end_of(random: Random, tx: Tx) -> Standing:
    """Both sides act as they please while their words are on the road; then everything arrives."""
    claim_id = await sent(tx)
    road = Road(claim_id, tx, random)
    for _ in range(random.randrange(4, 14)):
        async with suppressed_attempt(tx):
            (act,) = random.choices(list(ACTS), list(ACTS.values()))
            await act(claim_id, tx)
        for _ in range(random.randrange(4)):
            await road.bring_one()
    await road.bring_all()
    theirs = await tx.require(ReceivedClaim, claim_id)
    if theirs.list_id is not None:  # what waits for the payment's end is then applied
        async with suppressed_attempt(tx):
            await approve(claim_id, tx)
        await settle(claim_id, tx)
        await road.bring_all()
    await same_on_both_sides(claim_id, tx)
    assert not await tx.fetch_value("SELECT count(*) FROM held_claim_words")
    theirs = await tx.require(ReceivedClaim, claim_id)
    if theirs.status == Standing.WITHDRAWN:
        assert {theirs.name_sealed, theirs.id_number_sealed, theirs.account_sealed} == {None}
    settled = [each for each in emitted(tx, ClaimSettled) if each.key == str(claim_id)]
    assert settled or theirs.status not in (Standing.PAID, Standing.CONFIRMED, Standing.REFUSED)
    return Standing(theirs.status)


async def test_in_any_order_both_counties_end_with_the_same(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        ends = set()
        for seed in range(ORDERS):
            try:
                ends.add(await end_of(Random(seed), tx))
            except AssertionError as fault:
                raise AssertionError(f"seed {seed}") from fault
        assert ends == set(Standing)  # every end was reached, so none is untried


async def test_the_straight_way_is_counted_once(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(1))
        await road.bring_all()
        ours, theirs = await both(claim_id, tx)
        assert (ours.status, ours.arrived_on) == (ClaimStatus.SENT, tx.today)
        assert theirs.due_on == ours.due_on == tx.today + timedelta(days=30)
        await grant(claim_id, tx)
        await road.bring_all()
        ours, theirs = await both(claim_id, tx)
        assert ours.due_on == theirs.due_on == tx.today + timedelta(days=30)
        assert emitted(tx, ClaimSettled) == []
        await pay(claim_id, tx)
        await road.bring_all()
        await confirm_claim(claim_id, tx)
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        ours, theirs = await both(claim_id, tx)
        assert (ours.status, theirs.status) == ("confirmed", "confirmed")
        (settled,) = emitted(tx, ClaimSettled)
        assert isinstance(settled, ClaimSettled)
        assert (settled.paid, settled.in_time, settled.office_in_time) == (True, True, True)


async def test_what_was_paid_stays_paid_though_she_took_it_back_meanwhile(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(2))
        await road.bring_all()
        await grant(claim_id, tx)
        await pay(claim_id, tx)
        await withdraw_claim(claim_id, tx)  # before either word has arrived
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        ours, _ = await both(claim_id, tx)
        assert (ours.status, ours.paid_fen) == (ClaimStatus.PAID, 4000)
        assert len(emitted(tx, ClaimSettled)) == 1


async def test_after_an_objection_the_difference_is_paid_and_never_less(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(3))
        await road.bring_all()
        await grant(claim_id, tx)
        await pay(claim_id, tx)
        await road.bring_all()
        await object_(claim_id, tx)
        await road.bring_all()
        with pytest.raises(Problem, match="grant-too-low"):
            await refuse(claim_id, tx)
        await grant(claim_id, tx, 4550)
        await pay(claim_id, tx)
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        sums = await tx.fetch("SELECT amount_fen FROM claim_payment_lines ORDER BY id")
        assert [row["amount_fen"] for row in sums] == [4000, 550]
        ours, _ = await both(claim_id, tx)
        assert (ours.status, ours.paid_fen) == (ClaimStatus.PAID, 4550)


async def test_the_same_sum_upheld_is_paid_already(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(4))
        await road.bring_all()
        await grant(claim_id, tx)
        await pay(claim_id, tx)
        await road.bring_all()
        await object_(claim_id, tx)
        await road.bring_all()
        await grant(claim_id, tx)
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        ours, _ = await both(claim_id, tx)
        assert ours.status == ClaimStatus.PAID


async def test_each_side_owes_what_the_other_says(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        acts: Sequence[Sequence[Act]] = ((), (refuse,), (grant,), (grant, pay), (grant, object_))
        for number, steps in enumerate(acts):
            claim_id = await sent(tx, amount_fen=4550 + number)
            road = Road(claim_id, tx, Random(number))
            await road.bring_all()
            for act in steps:
                await act(claim_id, tx)
                await road.bring_all()
        gone = await sent(tx)
        road = Road(gone, tx, Random(9))
        await withdraw_claim(gone, tx)
        await road.bring_all()
        balances = await get_balances(f"{tx.today:%Y-%m}", tx)
        sums = {each.side.value: each.model_dump(exclude={"side"}) for each in balances.items}
        assert sums["payable"] == sums["receivable"]
        assert sums["payable"] == {
            "county": HERE,
            "claimed_fen": 5 * 4550 + 10,
            "undecided_fen": 4550,
            "refused_fen": 4551,
            "objected_fen": 4554,
            "granted_fen": 8000,
            "paid_fen": 4000,
            "owed_fen": 4000,
        }
        assert (await get_balances("2020-01", tx)).items == []


async def test_an_account_that_the_bank_gave_back_is_put_right_and_decided_anew(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(6))
        await road.bring_all()
        for act in (grant, draw, approve, bounce):
            await act(claim_id, tx)
            await road.bring_all()
        ours, _ = await both(claim_id, tx)
        assert (ours.status, opened(ours, "reason", tx)) == ("accepted", "银行退回:账号有误")
        other = "6222020000000000018"
        view = await correct_claim(claim_id, CorrectClaim(account=other), tx)
        assert (view.status, view.decided_on, view.granted_fen) == (ClaimStatus.SENT, None, None)
        await road.bring_all()
        _, theirs = await both(claim_id, tx)
        assert (theirs.status, opened(theirs, "account", tx)) == (Standing.RECEIVED, other)
        await grant(claim_id, tx)
        await pay(claim_id, tx)
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        with pytest.raises(Problem, match="claim-not-at-this-step"):
            await correct_claim(claim_id, CorrectClaim(account=CARD), tx)


async def test_answers_in_the_wrong_order_twice_or_by_somebody_else(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        paid = make_answer(claim_id, 3, "paid")
        for event in (
            make_answer(claim_id, 9, "refused", from_region="420381"),  # not theirs to answer
            make_answer(claim_id, 9, "refused", revision=2),  # of a word we never said
            paid,
            paid,
            make_answer(claim_id, 2, "accepted"),
            make_answer(claim_id, 1, "received"),
        ):
            await hear_answer(event, tx)
        ours = await tx.require(Claim, claim_id)
        assert (ours.status, ours.paid_fen, ours.due_on) == (ClaimStatus.PAID, 4000, None)
        assert len(emitted(tx, ClaimSettled)) == 1


async def test_a_late_payer_is_late_by_its_own_days_not_by_the_posts(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        late = {"decided_on": tx.today + timedelta(days=31)}
        for change, in_time in (({}, True), (late, False)):
            claim_id = await sent(tx, THERE)
            await hear_answer(make_answer(claim_id, 1, "refused", **change), tx)
            kept = await tx.require(Claim, claim_id)
            assert (kept.payer_in_time, kept.office_in_time) == (in_time, True)
        claim_id = await sent(tx, THERE)
        await hear_answer(make_answer(claim_id, 1, "accepted"), tx)
        slow = {"paid_on": tx.today + timedelta(days=31)}
        await hear_answer(make_answer(claim_id, 2, "paid", **slow), tx)
        assert not (await tx.require(Claim, claim_id)).payer_in_time


async def test_an_older_answer_makes_us_say_our_last_word_again(open_tx: TxFactory) -> None:
    """What heals a word that was lost on the way."""
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        for act, kind, step in (
            (withdraw_claim, ClaimStepTaken, "withdrawn"),
            (name_ours, ClaimSubmitted, None),
            (lower, ClaimSubmitted, None),
        ):
            claim_id = await sent(tx, THERE)
            await act(claim_id, tx)
            before = len(emitted(tx, kind))
            await hear_answer(make_answer(claim_id, 1, "received"), tx)
            again = emitted(tx, kind)[before:]
            assert [getattr(each, "revision", None) for each in again] == [2]
            assert getattr(again[0], "step", None) == step


async def test_other_payers_are_told_nothing_of_what_follows(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        person = await met(tx)
        body = make_claim(
            str(person), service="occupational-check", employer_code="91350100M000100Y43"
        )
        claim = await file_claim(FileClaim.model_validate(body), tx)
        await attach_paper(claim.id, PaperKind.RECEIPT, PDF, tx)
        await check_claim(claim.id, tx)
        await send_claim(claim.id, tx)
        await withdraw_claim(claim.id, tx)
        assert emitted(tx, ClaimStepTaken) == []


async def test_putting_right(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx, THERE)
        with pytest.raises(NothingToCorrect):
            await correct_claim(claim_id, CorrectClaim(), tx)
        view = await correct_claim(
            claim_id, CorrectClaim(amount_fen=3000, provider="县医院", account=None), tx
        )
        assert (view.amount_fen, view.provider, view.status) == (3000, "县医院", ClaimStatus.SENT)
        assert view.account is not None
        _, second = emitted(tx, ClaimSubmitted)
        assert isinstance(second, ClaimSubmitted)
        assert (second.revision, second.amount_fen, second.provider) == (2, 3000, "县医院")
        filed = await file_claim(
            FileClaim.model_validate(make_claim(str(view.person_id), payer_region=THERE)), tx
        )
        await attach_paper(filed.id, PaperKind.RECEIPT, PDF, tx)
        await check_claim(filed.id, tx)
        with pytest.raises(Problem, match="claimed-before"):
            await correct_claim(filed.id, CorrectClaim(amount_fen=3000, provider="县医院"), tx)
        unsent = await correct_claim(filed.id, CorrectClaim(amount_fen=3001), tx)
        assert (unsent.status, unsent.checked_on) == (ClaimStatus.FILED, None)
        assert len(emitted(tx, ClaimSubmitted)) == 2


async def test_one_inquiry_or_dispute_a_claim(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        claim_id = await sent(tx)
        road = Road(claim_id, tx, Random(5))
        await road.bring_all()
        await refuse(claim_id, tx)
        await road.bring_all()
        await name_ours(claim_id, tx)
        await name_theirs(claim_id, tx)  # at the same moment: ours holds
        await road.bring_all()
        await same_on_both_sides(claim_id, tx)
        ours, _ = await both(claim_id, tx)
        assert (ours.reference, ours.status) == ("inquiry-1", ClaimStatus.REFUSED)
        for name in (name_ours, name_theirs):
            with pytest.raises(DisputedBefore):
                await name(claim_id, tx)
