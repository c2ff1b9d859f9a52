"""Claims of other counties that the exchange brings, in whatever order and however often.

Of two words about a claim the one with the higher revision holds. Each one taken is answered with
where the claim stands then, so that both counties end with the same (hearing.py).
"""

from uuid import UUID

from services.migrant.claims.answering import answer
from services.migrant.claims.errors import UnknownClaim
from services.migrant.claims.paying import take_off_list
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.received_queries import opened, place
from services.migrant.claims.received_rules import after_step, takes_correction
from services.migrant.claims.rules import Standing, TellStep
from services.migrant.people.queries import current_id
from shared.db import Tx
from shared.events.exchange_claims import ClaimReceived, ClaimStepReceived
from shared.events.migrant_claims import ClaimantSought

_IDENTITY = ("name", "id_number", "provider", "account")


async def receive_claim(event: ClaimReceived, tx: Tx) -> None:
    """A claim comes in, or what the residence put right of one."""
    claim = await tx.get(ReceivedClaim, event.claim_id, lock=True)
    if claim is None:
        claim = _new_claim(event, tx)
        await tx.add(claim)
        tx.emit(ClaimantSought(claim_id=claim.id, id_number=event.id_number))
    elif claim.from_region != event.from_region or event.revision <= claim.revision:
        return
    else:
        await _correct(claim, event, tx)
    answer(claim, tx)
    await tx.save(claim)


def _new_claim(event: ClaimReceived, tx: Tx) -> ReceivedClaim:
    kept = ReceivedClaim.model_fields.keys() & ClaimReceived.model_fields.keys()
    claim = ReceivedClaim(
        id=event.claim_id,
        region=event.payer_region,
        status=Standing.RECEIVED,
        due_on=event.decide_by,
        received_at=tx.now,
        **event.model_dump(include=set(kept)),
    )
    _seal(claim, event, tx)
    return claim


def _seal(claim: ReceivedClaim, event: ClaimReceived, tx: Tx) -> None:
    for name in _IDENTITY:
        text: str | None = getattr(event, name)
        setattr(claim, f"{name}_sealed", _sealed(claim.id, name, text, tx))


def _sealed(claim_id: UUID, name: str, text: str | None, tx: Tx) -> bytes | None:
    return tx.vault.seal(text, place(claim_id, name)) if text else None


async def _correct(claim: ReceivedClaim, event: ClaimReceived, tx: Tx) -> None:
    """What was decided on the claim as it read before falls; what was paid stands."""
    claim.revision, claim.reference = event.revision, event.reference or claim.reference
    if not takes_correction(Standing(claim.status), claim.paid_fen) or _reads_same(
        claim, event, tx
    ):
        return
    await take_off_list(claim, tx)
    claim.status, claim.due_on = Standing.RECEIVED, event.decide_by
    claim.amount_fen = event.amount_fen
    claim.decided_on = claim.decided_by = claim.granted_fen = claim.reason_sealed = None
    _seal(claim, event, tx)


def _reads_same(claim: ReceivedClaim, event: ClaimReceived, tx: Tx) -> bool:
    """Whether nothing of what is decided on was put right."""
    return claim.amount_fen == event.amount_fen and all(
        opened(claim, name, tx) == getattr(event, name) for name in _IDENTITY
    )


async def receive_step(event: ClaimStepReceived, tx: Tx) -> None:
    """The residence took a step. Raises UnknownClaim for one of a claim that never came: it is
    told again once the claim has come and was answered."""
    claim = await tx.get(ReceivedClaim, event.claim_id, lock=True)
    if claim is None:
        raise UnknownClaim()
    if claim.from_region != event.from_region or event.revision <= claim.revision:
        return
    claim.revision, claim.reference = event.revision, event.reference or claim.reference
    before = Standing(claim.status)
    after = after_step(before, TellStep(event.step), claim.paid_fen)
    if after is not before:
        await _enter(claim, after, event, tx)
    answer(claim, tx)
    await tx.save(claim)


async def _enter(
    claim: ReceivedClaim, standing: Standing, event: ClaimStepReceived, tx: Tx
) -> None:
    await take_off_list(claim, tx)
    claim.status, claim.due_on = standing, None
    if standing is Standing.OBJECTED:
        claim.due_on, claim.objected_on = event.decide_by, event.taken_on
        claim.objection_sealed = _sealed(claim.id, "objection", event.objection, tx)
    if standing is Standing.WITHDRAWN:  # nothing is left to do for which she has to be known
        claim.person_id = claim.resident = None
        for name in (*_IDENTITY, "objection", "reason"):
            setattr(claim, f"{name}_sealed", None)


async def note_claimant(claim_id: UUID, person_id: UUID | None, tx: Tx) -> None:
    """The register said which resident of ours a claim is about, or that it knows none. Looks that
    were entered under the claim are looks at her."""
    claim = await tx.get(ReceivedClaim, claim_id, lock=True)
    if claim is None or claim.status == Standing.WITHDRAWN:
        return
    claim.resident = person_id is not None
    if person_id is not None:
        claim.person_id = await current_id(person_id, tx)
        await tx.merge_subject(claim.person_id, claim.id)
    await tx.save(claim)
