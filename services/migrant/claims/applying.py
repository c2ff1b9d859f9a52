"""What the residence says of a claim that ours pays, applied in the order it was said.

A word that cannot be applied yet is held: its claim has not come, or the money is just on its way.
It is applied, once, as soon as the claim is here or the payment's end is known.
"""

from collections.abc import Mapping
from uuid import UUID

from services.migrant.claims.papers import KEPT_DAYS, release_papers
from services.migrant.claims.received_models import ClaimPaymentList, HeldWord, ReceivedClaim
from services.migrant.claims.received_rules import ClaimListStatus, after_step, takes_correction
from services.migrant.claims.rules import Standing, TellStep
from services.migrant.claims.sealing import opened, seal
from shared.db import Tx
from shared.events.exchange_claims import ClaimReceived, ClaimStepReceived

Word = ClaimReceived | ClaimStepReceived

IDENTITY = ("name", "id_number", "provider", "account")
_KINDS: Mapping[str, type[ClaimReceived] | type[ClaimStepReceived]] = {
    "claim": ClaimReceived,
    "step": ClaimStepReceived,
}
_HELD = """
DELETE FROM held_claim_words WHERE claim_id = $1 AND from_region = $2 RETURNING *
"""


def is_news(claim: ReceivedClaim, word: Word) -> bool:
    """Whether it is said by the county that sent the claim, and later than what is known."""
    return claim.from_region == word.from_region and word.revision > claim.revision


async def is_being_paid(claim: ReceivedClaim, tx: Tx) -> bool:
    """Whether the claim is on an approved list: the bank may have it, so nothing of it changes
    until what became of the payment is known."""
    if claim.list_id is None:
        return False
    drawn = await tx.require(ClaimPaymentList, claim.list_id)
    return drawn.status == ClaimListStatus.APPROVED


async def hold(word: Word, tx: Tx) -> None:
    """Keep it until it can be applied; the same word twice is kept once."""
    kind = "claim" if isinstance(word, ClaimReceived) else "step"
    sealed = tx.vault.seal(word.model_dump_json(), _place(word.claim_id, word.revision))
    await tx.add_if_new(
        HeldWord(
            claim_id=word.claim_id,
            from_region=word.from_region,
            revision=word.revision,
            region=tx.actor.region,
            kind=kind,
            said_sealed=sealed,
            held_at=tx.now,
        )
    )


async def take_held(claim: ReceivedClaim, tx: Tx) -> bool:
    """Apply what was held of a claim, in the order it was said; whether there was any news. The
    caller answers and saves the claim."""
    held = await tx.find(HeldWord, _HELD, claim.id, claim.from_region)
    taken = False
    for each in sorted(held, key=lambda word: word.revision):
        said = tx.vault.open(each.said_sealed, _place(claim.id, each.revision))
        word = _KINDS[each.kind].model_validate_json(said)
        if is_news(claim, word):
            await take(claim, word, tx)
            taken = True
    return taken


async def take(claim: ReceivedClaim, word: Word, tx: Tx) -> None:
    """Apply one word that is news. The caller answers and saves the claim."""
    claim.revision, claim.reference = word.revision, word.reference or claim.reference
    if isinstance(word, ClaimReceived):
        await _correct(claim, word, tx)
        return
    before = Standing(claim.status)
    after = after_step(before, TellStep(word.step), claim.paid_fen)
    if after is not before:
        await _enter(claim, after, word, tx)


def seal_identity(claim: ReceivedClaim, word: ClaimReceived, tx: Tx) -> None:
    """What identifies her and where she was served, sealed into the claim."""
    for name in IDENTITY:
        seal(claim, name, getattr(word, name), tx)


async def discard_held(tx: Tx) -> int:
    """Delete words whose claim never came; returns how many."""
    tag = await tx.execute(
        "DELETE FROM held_claim_words WHERE held_at < $1::timestamptz - make_interval(days => $2)",
        tx.now,
        KEPT_DAYS,
    )
    return int(tag.rpartition(" ")[2])


async def _correct(claim: ReceivedClaim, word: ClaimReceived, tx: Tx) -> None:
    """What was decided on the claim as it read before falls; what was paid stands."""
    standing = Standing(claim.status)
    if not takes_correction(standing, claim.paid_fen) or _reads_same(claim, word, tx):
        return
    await _take_off_list(claim, tx)
    claim.status, claim.due_on = Standing.RECEIVED, word.decide_by
    claim.amount_fen = word.amount_fen
    claim.decided_on = claim.decided_by = claim.granted_fen = claim.reason_sealed = None
    seal_identity(claim, word, tx)


def _reads_same(claim: ReceivedClaim, word: ClaimReceived, tx: Tx) -> bool:
    """Whether nothing of what is decided on was put right."""
    return claim.amount_fen == word.amount_fen and all(
        opened(claim, name, tx) == getattr(word, name) for name in IDENTITY
    )


async def _enter(claim: ReceivedClaim, standing: Standing, word: ClaimStepReceived, tx: Tx) -> None:
    await _take_off_list(claim, tx)
    claim.status, claim.due_on = standing, None
    if standing is Standing.OBJECTED:
        claim.due_on, claim.objected_on = word.decide_by, word.taken_on
        seal(claim, "objection", word.objection, tx)
    if standing is Standing.WITHDRAWN:  # nothing is left to do for which she has to be known
        claim.person_id = claim.resident = None
        for name in (*IDENTITY, "objection", "reason", "hand_back"):
            seal(claim, name, None, tx)
        await release_papers(claim.id, tx)


async def _take_off_list(claim: ReceivedClaim, tx: Tx) -> None:
    """It leaves the list that is drawn up; of an approved one nothing is changed (`hold`)."""
    if claim.list_id is None:
        return
    await tx.execute(
        "UPDATE claim_payment_lines SET taken_off = true WHERE list_id = $1 AND claim_id = $2",
        claim.list_id,
        claim.id,
    )
    claim.list_id = None


def _place(claim_id: UUID, revision: int) -> str:
    return f"held_claim_words.said:{claim_id}:{revision}"
