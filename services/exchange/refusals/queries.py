"""Proofs of refusals."""

from services.exchange.evidence.queries import get_proof
from services.exchange.evidence.rules import text_of
from services.exchange.evidence.schemas import HeadView
from services.exchange.messages.models import Refusal
from services.exchange.refusals.rules import path_in_batch, refusal_fields, refusal_hash
from services.exchange.refusals.schemas import RefusalProofView
from shared.db import Tx
from shared.problems import NotFound
from shared.signing import JsonObject


async def get_refusal_proof(refusal_id: int, head: HeadView, tx: Tx) -> RefusalProofView:
    """Raises NotFound, also for one that is not on record yet."""
    refusal = await tx.require(Refusal, refusal_id)
    if refusal.leaf_index is None:
        raise NotFound()
    batch = await tx.find(
        Refusal, "SELECT * FROM refusals WHERE leaf_index = $1 ORDER BY id", refusal.leaf_index
    )
    hashes = [refusal_hash(hashed_fields(each)) for each in batch]
    place = [each.id for each in batch].index(refusal.id)
    return RefusalProofView(
        refusal=hashed_fields(refusal),
        refusal_hash=text_of(hashes[place]),
        place=place,
        batch_size=len(batch),
        path=[text_of(each) for each in path_in_batch(hashes, place)],
        proof=await get_proof(refusal.leaf_index, head, tx),
    )


def hashed_fields(refusal: Refusal) -> JsonObject:
    return refusal_fields(
        refusal.id or 0,
        refusal.at,
        refusal.sender_id,
        refusal.message_id,
        refusal.code,
        refusal.reason,
        refusal.body_sha256,
    )
