"""Files of claims at our exchange, when no duty holds them any more (报销材料释放): what stays is
their hashes."""

from uuid import UUID

from shared.db import Tx
from shared.events.migrant_claims import ClaimPapersReleased

_CLAIMS = """
SELECT id FROM claims WHERE person_id = $1
UNION SELECT id FROM received_claims WHERE person_id = $1
"""
_LEFT = """
SELECT id FROM claims WHERE id = ANY($1::uuid[])
UNION SELECT id FROM received_claims WHERE id = ANY($1::uuid[])
"""
KEPT_DAYS = 400  # how long what came before its claim waits: longer than its steps may take
_ORPHANS = """
SELECT DISTINCT claim_id FROM received_claim_papers AS paper
WHERE released_at IS NULL AND received_at < $1::timestamptz - make_interval(days => $2)
  AND NOT EXISTS (SELECT FROM received_claims AS claim
                  WHERE claim.id = claim_id AND claim.from_region = paper.from_region)
"""
_RELEASE = """
UPDATE received_claim_papers SET released_at = $2 WHERE claim_id = $1 AND released_at IS NULL
"""


async def release_papers(claim_id: UUID, tx: Tx) -> None:
    """The exchange erases the files of a claim that was taken back, or is erased."""
    await tx.execute(_RELEASE, claim_id, tx.now)
    tx.emit(ClaimPapersReleased(claim_id=claim_id))


async def release_orphans(tx: Tx) -> int:
    """Release papers whose claim never came; returns of how many claims."""
    rows = await tx.fetch(_ORPHANS, tx.now, KEPT_DAYS)
    for row in rows:
        await release_papers(row["claim_id"], tx)
    return len(rows)


async def claims_of(person_id: UUID, tx: Tx) -> set[UUID]:
    """Every claim about her, sent or received."""
    return {row["id"] for row in await tx.fetch(_CLAIMS, person_id)}


async def release_erased(claims: set[UUID], tx: Tx) -> None:
    """Release the files of those claims that are not here any more."""
    left = {row["id"] for row in await tx.fetch(_LEFT, list(claims))}
    for claim_id in sorted(claims - left):
        await release_papers(claim_id, tx)
