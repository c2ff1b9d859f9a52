"""Papers of a claim on their way to the county that pays it: each goes to our exchange piece by
piece, which names it to that county by its hash.

Beside the service, a paper in a transaction: a claim is sent at once however large its papers are.
"""

from base64 import b64encode
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from uuid import UUID

import structlog

from services.migrant.claims.applying import discard_held
from services.migrant.claims.carrying import is_carried
from services.migrant.claims.models import Claim, ClaimPaper
from services.migrant.claims.papers import release_orphans
from services.migrant.claims.queries import paper_place
from services.migrant.claims.rules import ClaimStatus
from shared.app import Parts
from shared.crypto import SealBroken
from shared.db import Tx
from shared.events.migrant_claims import ClaimPaperTold
from shared.jobs import repeating
from shared.usage import Purpose

log = structlog.get_logger()

_EVERY = 5.0
_TIDY_EVERY = 3600.0
_PIECE = 512 * 1024  # bytes; sealed and written out twice in base64 it is below the bus's limit
_NEXT = "SELECT * FROM claim_papers WHERE to_tell ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
_REFUSED = "UPDATE claim_papers SET to_tell = false, refused = true WHERE id = $1"
_DONE = "UPDATE claim_papers SET to_tell = false, told_at = $2 WHERE id = $1"


async def tell_paper(tx: Tx) -> int:
    """Tell the next paper; returns how many there were, 0 or 1. One whose claim was taken back
    meanwhile stays. One whose seal does not open is refused, and keeps no other waiting."""
    found = await tx.find(ClaimPaper, _NEXT)
    if not found:
        return 0
    (paper,) = found
    claim = await tx.require(Claim, paper.claim_id)
    goes = is_carried(claim) and claim.recalled_on is None and claim.status != ClaimStatus.WITHDRAWN
    if goes:
        try:
            content = tx.vault.open_bytes(paper.content_sealed, paper_place(paper.id))
        except SealBroken:
            log.error("claim-paper-damaged", paper_id=str(paper.id))
            await note_refused(paper.id, tx)
            return 1
        _tell(paper, content, claim, tx)
        tx.saw(claim.person_id, "claim")
    await tx.execute(_DONE, paper.id, tx.now if goes else None)
    return 1


def _tell(paper: ClaimPaper, content: bytes, claim: Claim, tx: Tx) -> None:
    digest = sha256(content).hexdigest()
    starts = range(0, len(content), _PIECE)
    for number, start in enumerate(starts, start=1):
        tx.emit(
            ClaimPaperTold(
                claim_id=claim.id,
                paper_id=paper.id,
                region=claim.region,
                payer_region=claim.payer_region or "",
                kind=paper.kind,
                media_type=paper.media_type,
                size=len(content),
                sha256=digest,
                number=number,
                pieces=len(starts),
                content=b64encode(content[start : start + _PIECE]).decode(),
            )
        )


async def note_refused(paper_id: UUID, tx: Tx) -> None:
    """It does not go: our exchange does not carry such a file, or it is damaged. The desk sees
    it."""
    await tx.execute(_REFUSED, paper_id)


def paper_telling(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Looks beside the service; several replicas share the papers."""
    purpose = Purpose.SERVICE
    return repeating(parts, "claim-papers", tell_paper, every=_EVERY, batch=1, purpose=purpose)


def claim_tidying(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Once an hour: what waits for a claim that never came is deleted."""
    return repeating(parts, "claim-tidying", discard_held, release_orphans, every=_TIDY_EVERY)
