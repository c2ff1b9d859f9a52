"""Claims of other counties that the exchange brings, in whatever order and however often.

Of two words about a claim the one with the higher revision holds. Each one taken is answered with
where the claim stands then, so that both counties end with the same (hearing.py).
"""

from uuid import UUID

from services.migrant.claims.answering import answer
from services.migrant.claims.applying import (
    Word,
    hold,
    is_being_paid,
    is_news,
    seal_identity,
    take,
    take_held,
)
from services.migrant.claims.received_models import ReceivedClaim, ReceivedPaper
from services.migrant.claims.routing import follow_rule, route_for
from services.migrant.claims.rules import Standing
from services.migrant.people.queries import current_id
from shared.db import Tx
from shared.events.exchange_claims import (
    ClaimPaperReceived,
    ClaimReceived,
    ClaimStepReceived,
)
from shared.events.migrant_claims import ClaimantSought, ClaimPapersReleased, ClaimPlaced
from shared.subjects import merge_subject


async def receive_claim(event: ClaimReceived, tx: Tx) -> None:
    """A claim comes in, or what the residence put right of one."""
    await _hear(event, tx)


async def receive_step(event: ClaimStepReceived, tx: Tx) -> None:
    """The residence took a step. One that overtook its claim waits for it."""
    await _hear(event, tx)


async def _hear(event: Word, tx: Tx) -> None:
    # A step and its claim may come at the same moment, by two replicas.
    await tx.execute("SELECT pg_advisory_xact_lock(17, hashtext($1))", str(event.claim_id))
    claim = await tx.get(ReceivedClaim, event.claim_id, lock=True)
    if claim is None and isinstance(event, ClaimReceived):
        claim = await _begin(event, tx)
        await take_held(claim, tx)
        if claim.status != Standing.WITHDRAWN:
            tx.emit(ClaimantSought(claim_id=claim.id, id_number=event.id_number))
    elif claim is None:
        await hold(event, tx)
        return
    elif not is_news(claim, event):
        return
    elif await is_being_paid(claim, tx):
        await hold(event, tx)
        return
    else:
        await take(claim, event, tx)
    answer(claim, tx)
    await tx.save(claim)


async def _begin(event: ClaimReceived, tx: Tx) -> ReceivedClaim:
    kept = ReceivedClaim.model_fields.keys() & ClaimReceived.model_fields.keys()
    route = await route_for(event.service, event.payer_region, tx)
    claim = ReceivedClaim(
        id=event.claim_id,
        region=event.payer_region,
        office=route.office,
        status=Standing.RECEIVED,
        due_on=event.decide_by,
        received_at=tx.now,
        **event.model_dump(include=set(kept)),
    )
    seal_identity(claim, event, tx)
    await tx.add(claim)
    return claim


async def receive_paper(event: ClaimPaperReceived, tx: Tx) -> None:
    """A paper of a claim is on its way to our exchange (报销材料). It may be here before its claim;
    one of a claim that was taken back is erased there, one of another county's claim ignored."""
    claim = await tx.get(ReceivedClaim, event.claim_id, lock=True)
    if claim is not None and claim.from_region != event.from_region:
        return
    ended = claim is not None and claim.status == Standing.WITHDRAWN
    paper = ReceivedPaper(
        id=event.paper_id,
        region=claim.region if claim is not None else event.payer_region,
        received_at=tx.now,
        released_at=tx.now if ended else None,
        **event.model_dump(exclude={"paper_id", "payer_region"}),
    )
    if not await tx.add_if_new(paper):
        return
    if ended:
        tx.emit(ClaimPapersReleased(claim_id=event.claim_id))
    elif claim is not None and claim.region != claim.payer_region:
        tx.emit(ClaimPlaced(claim_id=claim.id, region=claim.region, office=claim.office or ""))


async def note_claimant(
    claim_id: UUID, person_id: UUID | None, home_region: str | None, tx: Tx
) -> None:
    """The register said which resident of ours a claim is about, or that it knows none. Looks that
    were entered under the claim are looks at her. Where the county's rule says so, the claim goes
    to the township of her household register."""
    claim = await tx.get(ReceivedClaim, claim_id, lock=True)
    if claim is None or claim.status == Standing.WITHDRAWN:
        return
    claim.resident = person_id is not None
    if person_id is not None:
        claim.person_id = await current_id(person_id, tx)
        await merge_subject(claim.person_id, claim.id, tx)
    await follow_rule(claim, home_region, tx)
    await tx.save(claim)
