"""Asking a claim back from its home county, to be settled on paper (收回改走纸质), and hearing that
it gave one back, this or one that she took back.

Two-state, so that nothing is paid twice: before that county has given the claim back, or our
exchange says that it never left, nobody enters an answer on paper, nor files anew what she took
back. A county that has paid, or whose payment is on its way, answers so instead, and the claim
stands as paid.
"""

from uuid import UUID

from services.migrant.claims.carrying import is_carried, tell_step
from services.migrant.claims.errors import NotNow, NotRecallable
from services.migrant.claims.models import Claim
from services.migrant.claims.papers import release_papers
from services.migrant.claims.queries import seen
from services.migrant.claims.rules import ClaimStatus, Step, TellStep, may
from services.migrant.claims.schemas import ClaimView
from shared.db import Tx
from shared.events.exchange_claims import ClaimNeverLeft


async def recall_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """Ask a claim back that was not decided on. Raises NotFound, NotNow; NotRecallable where it
    never went to a home county through the exchange, or was asked back before."""
    claim = await tx.require(Claim, claim_id, lock=True)
    if not may(Step.RECALL, ClaimStatus(claim.status)):
        raise NotNow(stands=claim.status)
    if not is_carried(claim) or claim.recalled_on is not None:
        raise NotRecallable()
    claim.recalled_on = tx.today
    tell_step(claim, TellStep.WITHDRAWN, tx.today, tx)
    await tx.save(claim)
    return await seen(claim, tx)


async def given_back(claim: Claim, tx: Tx) -> None:
    """The paying county does not have it any more, and cannot pay it. What was asked back is
    settled on paper from now on. The caller saves the claim."""
    claim.given_back_on = claim.given_back_on or tx.today
    if claim.recalled_on is not None:
        claim.by_hand, claim.recalled_on = True, None
        await release_papers(claim.id, tx)


async def note_never_left(event: ClaimNeverLeft, tx: Tx) -> None:
    """The exchange had not sent it yet, and does not any more."""
    claim = await tx.get(Claim, event.claim_id, lock=True)
    if claim is None or event.revision > claim.revision:
        return
    if claim.recalled_on is not None or claim.status == ClaimStatus.WITHDRAWN:
        await given_back(claim, tx)
        await tx.save(claim)
