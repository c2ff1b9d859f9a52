"""What the paying county says of a claim of ours: its standing becomes ours.

Answers may come late, twice or in any order: the one with the highest number holds, and only where
it has seen our last word. To any other we say that word again: it is under way, or was lost.
"""

from services.migrant.claims.carrying import tell_again
from services.migrant.claims.models import Claim
from services.migrant.claims.queries import rule_of
from services.migrant.claims.recalling import given_back
from services.migrant.claims.rules import STATUS_OF, ClaimStatus, Payer, Standing, Step, due_on
from services.migrant.claims.sealing import seal
from services.migrant.claims.settling import note_lateness, settle
from shared.db import Tx
from shared.events.exchange_claims import ClaimAnswerReceived

_WAITS_FOR_PAYER = (ClaimStatus.SENT, ClaimStatus.OBJECTED)
_PAID = (ClaimStatus.PAID, ClaimStatus.CONFIRMED)


async def hear_answer(event: ClaimAnswerReceived, tx: Tx) -> None:
    """The home county answered through the exchange. What is not that county's to answer, or was
    meanwhile answered on paper, is left as it is."""
    claim = await tx.get(Claim, event.claim_id, lock=True)
    if claim is None or claim.payer != Payer.HOME or claim.payer_region != event.from_region:
        return
    if event.number <= claim.answers_heard or event.revision > claim.revision:
        return
    claim.answers_heard = event.number
    if event.revision < claim.revision:
        await tell_again(claim, await rule_of(claim, tx), tx)
    else:
        if event.standing == Standing.WITHDRAWN:
            await given_back(claim, tx)
        if not claim.by_hand:
            claim.recalled_on = None  # it has paid: then nothing is settled on paper
            await _take_over(claim, event, tx)
    await tx.save(claim)


async def _take_over(claim: Claim, event: ClaimAnswerReceived, tx: Tx) -> None:
    before, status = ClaimStatus(claim.status), STATUS_OF[Standing(event.standing)]
    decided = before in _WAITS_FOR_PAYER and status not in _WAITS_FOR_PAYER
    if decided and event.decided_on is not None:
        note_lateness(claim, Step.DECIDE, event.decided_on)
        rule = await rule_of(claim, tx)
        claim.due_on = due_on(ClaimStatus.ACCEPTED, event.decided_on, rule)
    if event.paid_on is not None and event.paid_on != claim.paid_on:
        note_lateness(claim, Step.PAY, event.paid_on)
    if status not in (*_WAITS_FOR_PAYER, ClaimStatus.ACCEPTED):
        claim.due_on = None
    claim.status, claim.arrived_on = status, claim.arrived_on or event.answered_on
    claim.decided_on, claim.granted_fen = event.decided_on, event.granted_fen
    claim.paid_on, claim.paid_fen = event.paid_on, event.paid_fen
    claim.list_reference = event.list_reference
    claim.reference = claim.reference or event.reference
    seal(claim, "reason", event.reason, tx)
    if status is ClaimStatus.REFUSED and before is not status:
        settle(claim, paid=False, tx=tx)
    elif status in _PAID and before not in _PAID:
        settle(claim, paid=True, tx=tx)
