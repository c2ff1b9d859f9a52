"""Papers of claims between counties (报销材料): what our migrant service tells piece by piece
becomes an attachment, which the paying county is told of by its hash and fetches.

An attachment of a claim has the claim's id where one of an inquiry has the inquiry's: looks at it
are looks at the claim, it goes along where the claim goes, and goes when no duty holds it.
"""

from base64 import b64decode
from hashlib import sha256
from uuid import UUID

from services.exchange.attachments.errors import FileRefused, FileTooLarge
from services.exchange.attachments.handlers import add_chunk, erase_of_inquiry, expect, move
from services.exchange.attachments.models import Attachment, AttachmentState
from services.exchange.attachments.queries import name_place
from services.exchange.attachments.rules import CHUNK, Inspector
from services.exchange.claims.models import PaperPiece
from services.exchange.notices.handlers import tell
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import ClaimPaper
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_for_region
from shared.db import Tx
from shared.events import migrant_claims as said
from shared.events.exchange_claims import ClaimPaperNotSent, ClaimPaperReceived

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('claim paper ' || $1, 0))"
_COUNT = "SELECT count(*) FROM claim_paper_pieces WHERE paper_id = $1"
_PIECES = "SELECT * FROM claim_paper_pieces WHERE paper_id = $1 ORDER BY number"
_VOID_WAITING = """
UPDATE notices SET void = true, version = version + 1
WHERE direction = 'out' AND peer IS NULL AND NOT void AND source IN (
  SELECT 'claim-paper:' || id FROM attachments WHERE inquiry_id = $1)
"""


async def take_piece(event: said.ClaimPaperTold, tx: Tx) -> None:
    """A piece, in whatever order they come and however often; with the last one that was missing
    the paper goes to the county that pays."""
    await tx.execute(_ALONE, str(event.paper_id))
    if await tx.get(Attachment, event.paper_id) is not None:
        return
    piece = b64decode(event.content)
    await tx.add_if_new(
        PaperPiece(
            paper_id=event.paper_id,
            number=event.number,
            claim_id=event.claim_id,
            region=event.region,
            body_sealed=tx.vault.seal_bytes(piece, _place(event.paper_id, event.number)),
            received_at=tx.now,
        )
    )
    if await tx.fetch_value(_COUNT, event.paper_id) == event.pieces:
        await _whole(event, tx)


async def _whole(event: said.ClaimPaperTold, tx: Tx) -> None:
    pieces = await tx.find(PaperPiece, _PIECES, event.paper_id)
    content = b"".join(
        tx.vault.open_bytes(each.body_sealed, _place(each.paper_id, each.number)) for each in pieces
    )
    await tx.execute("DELETE FROM claim_paper_pieces WHERE paper_id = $1", event.paper_id)
    if not _carried(content, event):
        tx.emit(ClaimPaperNotSent(claim_id=event.claim_id, paper_id=event.paper_id))
        return
    said_of_it = {"paper": event.kind, "attachment_id": event.paper_id, "happened_on": tx.today}
    kept = event.model_dump(include={"region", "claim_id", "sha256", "size", "media_type"})
    paper = ClaimPaper.model_validate({"kind": NoticeKind.CLAIM_PAPER} | said_of_it | kept)
    inside = event.payer_region.startswith((await our_node(tx)).region)
    await _store(paper, content, event.payer_region if inside else event.region, tx)
    if inside:
        tx.emit(_received(paper, event.payer_region))
        return
    source, peer = f"claim-paper:{event.paper_id}", await find_for_region(event.payer_region, tx)
    await tell(paper, event.payer_region, peer, tx, source=source)


def _carried(content: bytes, event: said.ClaimPaperTold) -> bool:
    """Whether it is what was said, and of a kind that is attached."""
    inspector = Inspector()
    try:
        for start in range(0, len(content), CHUNK):
            inspector.feed(content[start : start + CHUNK])
        fits = inspector.media_type() == event.media_type
    except (FileRefused, FileTooLarge):
        return False
    return fits and sha256(content).hexdigest() == event.sha256


async def _store(paper: ClaimPaper, content: bytes, region: str, tx: Tx) -> None:
    reference = paper.reference
    attachment = Attachment(
        id=reference.id,
        inquiry_id=paper.claim_id,
        region=region,
        state=AttachmentState.STORED,
        sha256=bytes.fromhex(reference.sha256),
        size=reference.size,
        media_type=reference.media_type,
        name_sealed=tx.vault.seal(reference.name, name_place(reference.id)),
        uploaded_by=tx.actor.sub,
        created_at=tx.now,
        stored_at=tx.now,
    )
    await tx.add(attachment)
    for start in range(0, len(content), CHUNK):
        await add_chunk(attachment, content[start : start + CHUNK], tx)
    await tx.save(attachment)


async def expect_paper(paper: ClaimPaper, to_region: str, from_node: str, tx: Tx) -> None:
    """A peer names a paper of a claim that ours pays: it is fetched, and our migrant service hears
    of it. Raises BadMessage."""
    await expect([paper.reference], paper.claim_id, to_region, from_node, tx)
    tx.emit(_received(paper, to_region))


def _received(paper: ClaimPaper, to_region: str) -> ClaimPaperReceived:
    return ClaimPaperReceived(
        claim_id=paper.claim_id,
        from_region=paper.region,
        payer_region=to_region,
        paper_id=paper.attachment_id,
        kind=paper.paper,
        media_type=paper.media_type,
        size=paper.size,
        sha256=paper.sha256,
    )


async def place_papers(event: said.ClaimPlaced, tx: Tx) -> None:
    """The claim lies with another office of ours: whoever may see it sees its papers."""
    await move(event.claim_id, event.region, tx)


async def release_papers(event: said.ClaimPapersReleased, tx: Tx) -> None:
    """No duty holds them any more: contents go, hashes stay; what had not left does not leave."""
    await tx.execute(_VOID_WAITING, event.claim_id)
    await tx.execute("DELETE FROM claim_paper_pieces WHERE claim_id = $1", event.claim_id)
    await erase_of_inquiry(event.claim_id, tx)


def _place(paper_id: UUID, number: int) -> str:
    return f"claim_paper_pieces.body:{paper_id}:{number}"
