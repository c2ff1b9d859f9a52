"""Paying claims of other counties by list: drawn up by one person, approved by another, paid."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.claims.answering import answer
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
from services.migrant.claims.received_queries import get_list, subject_of
from services.migrant.claims.received_rules import ClaimListStatus
from services.migrant.claims.received_schemas import (
    ApproveClaimList,
    ClaimListView,
    DrawClaimList,
    PayClaimList,
)
from services.migrant.claims.rules import Standing
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound

_CLAIMS = "SELECT * FROM received_claims WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_LISTED = "SELECT * FROM received_claims WHERE list_id = $1 ORDER BY id FOR UPDATE"


async def draw_list(command: DrawClaimList, tx: Tx) -> ClaimListView:
    """Raises NotFound; NotPayable where one is not accepted, or is on another list."""
    asked = set(command.claim_ids)
    claims = await tx.find(ReceivedClaim, _CLAIMS, list(asked))
    if len(claims) < len(asked):
        raise NotFound()
    drawn = ClaimPaymentList(
        id=new_id(),
        region=claims[0].region[:COUNTY_DIGITS],
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
    drawn, claims = await _at(list_id, tx, ClaimListStatus.DRAWN_UP)
    if tx.actor.sub in {drawn.drawn_by, *(each.decided_by for each in claims)}:
        raise SecondPersonNeeded()
    if (await get_list(list_id, tx)).total_fen != command.total_fen:
        raise ClaimListChanged()
    drawn.status = ClaimListStatus.APPROVED
    drawn.approved_at, drawn.approved_by = tx.now, tx.actor.sub
    await tx.save(drawn)
    return await get_list(list_id, tx)


async def pay_list(list_id: UUID, command: PayClaimList, tx: Tx) -> ClaimListView:
    """Enter that an approved list was paid; each county hears of its claims. Raises NotFound,
    ClaimListNotNow."""
    drawn, claims = await _at(list_id, tx, ClaimListStatus.APPROVED)
    drawn.status = ClaimListStatus.PAID
    drawn.reference, drawn.paid_on = command.reference, command.paid_on
    await tx.save(drawn)
    for claim in claims:
        claim.status, claim.list_id, claim.due_on = Standing.PAID, None, None
        claim.paid_fen, claim.paid_on = claim.granted_fen, command.paid_on
        claim.list_reference = command.reference
        answer(claim, tx)
        await tx.save(claim)
        tx.saw(subject_of(claim), "claim")
    return await get_list(list_id, tx)


async def withdraw_list(list_id: UUID, tx: Tx) -> ClaimListView:
    """Not to be paid by this list after all; its claims can go on another. Raises NotFound,
    ClaimListNotNow."""
    drawn, claims = await _at(list_id, tx, ClaimListStatus.DRAWN_UP, ClaimListStatus.APPROVED)
    drawn.status = ClaimListStatus.WITHDRAWN
    await tx.save(drawn)
    for claim in claims:
        claim.list_id = None
        await tx.save(claim)
    return await get_list(list_id, tx)


async def take_off_list(claim: ReceivedClaim, tx: Tx) -> None:
    """The residence said something new of a claim about to be paid: it leaves its list, whose
    approval falls. The caller saves the claim."""
    if claim.list_id is None:
        return
    drawn = await tx.require(ClaimPaymentList, claim.list_id, lock=True)
    await tx.execute(
        "UPDATE claim_payment_lines SET taken_off = true WHERE list_id = $1 AND claim_id = $2",
        drawn.id,
        claim.id,
    )
    drawn.status = ClaimListStatus.DRAWN_UP
    drawn.approved_at = drawn.approved_by = None
    await tx.save(drawn)
    claim.list_id = None


async def _at(
    list_id: UUID, tx: Tx, *statuses: ClaimListStatus
) -> tuple[ClaimPaymentList, Sequence[ReceivedClaim]]:
    """The list where it stands so, and its claims: both locked, the claims first, as where one
    leaves its list. Raises NotFound, ClaimListNotNow."""
    claims = await tx.find(ReceivedClaim, _LISTED, list_id)
    drawn = await tx.require(ClaimPaymentList, list_id, lock=True)
    if ClaimListStatus(drawn.status) not in statuses:
        raise ClaimListNotNow(stands=drawn.status)
    return drawn, claims
