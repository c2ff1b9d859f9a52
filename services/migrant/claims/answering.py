"""The paying county's office decides on a claim of another county, and says where it stands."""

from uuid import UUID

from services.migrant.claims.errors import DisputedBefore, NotNow
from services.migrant.claims.queries import all_rules
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.received_queries import most_fen, seen
from services.migrant.claims.received_rules import (
    CLOSED,
    OPEN,
    after_decision,
    pay_by,
)
from services.migrant.claims.received_schemas import ReceivedClaimView
from services.migrant.claims.rules import Standing, check_decision
from services.migrant.claims.schemas import DecideClaim, DisputeClaim
from services.migrant.claims.sealing import opened, seal
from shared.db import Tx
from shared.events.migrant_claims import ClaimAnswered


async def decide_received(claim_id: UUID, command: DecideClaim, tx: Tx) -> ReceivedClaimView:
    """Grant the claim, a part of it, or nothing, with the reason (审核). After an objection no less
    than was paid. Raises NotFound, NotNow, ReasonNeeded, GrantTooHigh, GrantTooLow."""
    claim = await tx.require(ReceivedClaim, claim_id, lock=True)
    if Standing(claim.status) not in OPEN:
        raise NotNow(stands=claim.status)
    check_decision(
        command.granted,
        command.granted_fen,
        command.reason,
        most_fen(claim, await all_rules(tx)),
        claim.amount_fen,
        claim.paid_fen,
    )
    claim.status = after_decision(command.granted_fen, claim.paid_fen)
    claim.decided_on, claim.decided_by = tx.today, tx.actor.sub
    claim.granted_fen = command.granted_fen
    seal(claim, "reason", command.reason, tx)
    accepted = claim.status is Standing.ACCEPTED
    claim.due_on = pay_by(tx.today, claim.pay_days) if accepted else None
    return await _told(claim, tx)


async def dispute_received(claim_id: UUID, command: DisputeClaim, tx: Tx) -> ReceivedClaimView:
    """Name the inquiry or dispute that the two counties settle it by (协查、争议编号). Raises
    NotFound, NotNow, DisputedBefore."""
    claim = await tx.require(ReceivedClaim, claim_id, lock=True)
    if Standing(claim.status) in CLOSED:
        raise NotNow(stands=claim.status)
    if claim.reference is not None:
        raise DisputedBefore()
    claim.reference = command.reference
    return await _told(claim, tx)


async def _told(claim: ReceivedClaim, tx: Tx) -> ReceivedClaimView:
    answer(claim, tx)
    await tx.save(claim)
    return await seen(claim, tx)


def answer(claim: ReceivedClaim, tx: Tx) -> None:
    """Say where the claim stands now, with the next number. The caller saves the claim."""
    claim.answers += 1
    tx.emit(
        ClaimAnswered(
            claim_id=claim.id,
            region=claim.payer_region,
            to_region=claim.from_region,
            revision=claim.revision,
            number=claim.answers,
            standing=claim.status,
            answered_on=tx.today,
            granted_fen=claim.granted_fen,
            paid_fen=claim.paid_fen,
            reason=opened(claim, "reason", tx),
            decided_on=claim.decided_on,
            paid_on=claim.paid_on,
            list_reference=claim.list_reference,
            reference=claim.reference,
        )
    )
