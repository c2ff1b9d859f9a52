"""Paying claims of other counties by list: drawn up by one person, approved by another, paid.

From the approval on the money may be on its way: the list is fixed, and what the residence says of
its claims waits until what became of each payment is known (applying.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.migrant.claims.answering import answer
from services.migrant.claims.applying import take_held
from services.migrant.claims.errors import (
    ClaimListChanged,
    ClaimListNotNow,
    NotPayable,
    SecondPersonNeeded,
)
from services.migrant.claims.received_models import (
    ClaimPaymentLine,
    ClaimPaymentList,
    ReceivedClaim,
)
from services.migrant.claims.received_queries import get_list, return_place, subject_of
from services.migrant.claims.received_rules import ClaimListStatus, Outcome
from services.migrant.claims.received_schemas import (
    ApproveClaimList,
    ClaimListView,
    DrawClaimList,
    PayClaimList,
)
from services.migrant.claims.rules import Standing
from services.migrant.claims.sealing import seal
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction

_CLAIMS = "SELECT * FROM received_claims WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_LISTED = "SELECT * FROM received_claims WHERE list_id = $1 ORDER BY id FOR UPDATE"
_OPEN_LINES = """
SELECT * FROM claim_payment_lines
WHERE list_id = $1 AND NOT taken_off AND outcome IS NULL ORDER BY id FOR UPDATE
"""
_GIVEN_OUT = """
SELECT EXISTS (SELECT FROM claim_bank_files WHERE list_id = $1 AND direction = 'out')
"""


@dataclass(frozen=True)
class Settlement:
    """What became of a payment: the bank's or treasury's `reference`, on which day, and why it
    came back, where it did."""

    reference: str
    day: date
    returned: str | None = None


async def draw_list(command: DrawClaimList, tx: Tx) -> ClaimListView:
    """The county's list. Raises NotFound; NotPayable where one is not accepted, or is on another
    list; OutsideJurisdiction for an office of a part of the county."""
    asked = set(command.claim_ids)
    claims = await tx.find(ReceivedClaim, _CLAIMS, list(asked))
    if len(claims) < len(asked):
        raise NotFound()
    county = claims[0].payer_region[:COUNTY_DIGITS]
    if not tx.actor.covers(county):
        raise OutsideJurisdiction()
    drawn = ClaimPaymentList(
        id=new_id(),
        region=county,
        status=ClaimListStatus.DRAWN_UP,
        drawn_at=tx.now,
        drawn_by=tx.actor.sub,
    )
    await tx.add(drawn)
    for claim in claims:
        await _put_on(drawn, claim, tx)
    return await get_list(drawn.id, tx)


async def _put_on(drawn: ClaimPaymentList, claim: ReceivedClaim, tx: Tx) -> None:
    if claim.status != Standing.ACCEPTED or claim.granted_fen is None or claim.list_id is not None:
        raise NotPayable(claim_id=str(claim.id))
    claim.list_id = drawn.id
    await tx.save(claim)
    tx.saw(subject_of(claim), "claim")
    line_fen = claim.granted_fen - (claim.paid_fen or 0)
    await tx.add(
        ClaimPaymentLine(id=new_id(), list_id=drawn.id, claim_id=claim.id, amount_fen=line_fen)
    )


async def approve_list(list_id: UUID, command: ApproveClaimList, tx: Tx) -> ClaimListView:
    """The second person (第二人批准). Raises NotFound, ClaimListNotNow, SecondPersonNeeded,
    ClaimListChanged where a claim left the list since it was looked at."""
    drawn, claims = await list_at(list_id, tx, ClaimListStatus.DRAWN_UP)
    if tx.actor.sub in {drawn.drawn_by, *(each.decided_by for each in claims)}:
        raise SecondPersonNeeded()
    if (await get_list(list_id, tx)).total_fen != command.total_fen:
        raise ClaimListChanged()
    drawn.status = ClaimListStatus.APPROVED
    drawn.approved_at, drawn.approved_by = tx.now, tx.actor.sub
    await tx.save(drawn)
    return await get_list(list_id, tx)


async def pay_list(list_id: UUID, command: PayClaimList, tx: Tx) -> ClaimListView:
    """Enter that everything on an approved list whose end is not known yet was paid; each county
    hears of its claims. Raises NotFound, ClaimListNotNow."""
    drawn, claims = await list_at(list_id, tx, ClaimListStatus.APPROVED)
    of = {each.id: each for each in claims}
    settlement = Settlement(command.reference, command.paid_on)
    for line in await open_lines(list_id, tx):
        await settle_line(line, of[line.claim_id], settlement, tx)
    await finish(drawn, settlement, tx)
    return await get_list(list_id, tx)


async def open_lines(list_id: UUID, tx: Tx) -> list[ClaimPaymentLine]:
    """The payments of a list whose end is not known, locked."""
    return await tx.find(ClaimPaymentLine, _OPEN_LINES, list_id)


async def settle_line(
    line: ClaimPaymentLine, claim: ReceivedClaim, settlement: Settlement, tx: Tx
) -> None:
    """A payment was made, or came back; then what the residence said meanwhile is applied, and it
    hears where the claim stands. What came back can be put on another list."""
    line.settled_on, claim.list_id = settlement.day, None
    if settlement.returned is None:
        line.outcome = Outcome.PAID
        claim.status, claim.due_on = Standing.PAID, None
        claim.paid_fen, claim.paid_on = claim.granted_fen, settlement.day
        claim.list_reference = settlement.reference
    else:
        line.outcome = Outcome.RETURNED
        line.return_reason_sealed = tx.vault.seal(settlement.returned, return_place(line.id))
        seal(claim, "reason", f"银行退回:{settlement.returned}", tx)
    await tx.save(line)
    await take_held(claim, tx)
    answer(claim, tx)
    await tx.save(claim)
    tx.saw(subject_of(claim), "claim")


async def finish(drawn: ClaimPaymentList, settlement: Settlement, tx: Tx) -> None:
    """With the last payment whose end is known the list is done."""
    if await open_lines(drawn.id, tx):
        return
    drawn.status = ClaimListStatus.PAID
    drawn.reference, drawn.paid_on = settlement.reference, settlement.day
    await tx.save(drawn)


async def withdraw_list(list_id: UUID, tx: Tx) -> ClaimListView:
    """Not to be paid by this list after all; its claims can go on another. Raises NotFound;
    ClaimListNotNow, also once the bank's file was given out: then the bank says what became of
    each payment."""
    drawn, claims = await list_at(list_id, tx, ClaimListStatus.DRAWN_UP, ClaimListStatus.APPROVED)
    if await tx.fetch_value(_GIVEN_OUT, list_id):
        raise ClaimListNotNow(stands=drawn.status)
    drawn.status = ClaimListStatus.WITHDRAWN
    await tx.save(drawn)
    for claim in claims:
        claim.list_id = None
        if await take_held(claim, tx):
            answer(claim, tx)
        await tx.save(claim)
    return await get_list(list_id, tx)


async def list_at(
    list_id: UUID, tx: Tx, *statuses: ClaimListStatus
) -> tuple[ClaimPaymentList, Sequence[ReceivedClaim]]:
    """The list where it stands so, and its claims: both locked, the claims first, as where one
    leaves its list. Raises NotFound, ClaimListNotNow."""
    claims = await tx.find(ReceivedClaim, _LISTED, list_id)
    drawn = await tx.require(ClaimPaymentList, list_id, lock=True)
    if ClaimListStatus(drawn.status) not in statuses:
        raise ClaimListNotNow(stands=drawn.status)
    return drawn, claims
