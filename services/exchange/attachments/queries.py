"""Reading attachments."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from services.exchange.attachments.errors import AttachmentNotFound, AttachmentNotHere
from services.exchange.attachments.models import Attachment, AttachmentState
from services.exchange.attachments.rules import CHUNK, chunks_of
from services.exchange.attachments.schemas import AttachmentView, Reference
from shared.db import Tx


async def get_attachment(attachment_id: UUID, tx: Tx) -> AttachmentView:
    """Raises AttachmentNotFound."""
    return seen(await require(attachment_id, tx), tx)


async def list_attachments(inquiry_id: UUID, tx: Tx) -> Sequence[AttachmentView]:
    """Those of an inquiry, the oldest first."""
    rows = await of_inquiry(inquiry_id, tx)
    if rows:
        tx.saw(inquiry_id, "attachment")
    return [view_of(each, tx) for each in rows]


async def read_attachment(attachment_id: UUID, tx: Tx) -> tuple[bytes, AttachmentView]:
    """The whole file, which was checked against its hash when it came. Raises AttachmentNotFound,
    AttachmentNotHere."""
    attachment = await require(attachment_id, tx)
    if attachment.state != AttachmentState.STORED:
        raise AttachmentNotHere()
    content = b"".join([piece async for piece in pieces_of(attachment, tx)])
    return content, seen(attachment, tx)


async def require(attachment_id: UUID, tx: Tx, *, lock: bool = False) -> Attachment:
    """Raises AttachmentNotFound, also for a loose upload of somebody else."""
    attachment = await tx.get(Attachment, attachment_id, lock=lock)
    if attachment is None:
        raise AttachmentNotFound()
    if attachment.inquiry_id is None and attachment.uploaded_by != tx.actor.sub:
        raise AttachmentNotFound()
    return attachment


async def of_inquiry(inquiry_id: UUID, tx: Tx) -> list[Attachment]:
    return await tx.find(
        Attachment,
        "SELECT * FROM attachments WHERE inquiry_id = $1 ORDER BY created_at, id",
        inquiry_id,
    )


async def pieces_of(attachment: Attachment, tx: Tx) -> AsyncIterator[bytes]:
    """Its chunks in order, one in memory at a time."""
    for number in range(chunks_of(attachment.size)):
        yield await _piece(attachment.id, number, tx)


async def bytes_of(attachment: Attachment, start: int, end: int, tx: Tx) -> bytes:
    """The bytes [start, end) of a stored attachment."""
    first, last = start // CHUNK, (end - 1) // CHUNK
    joined = b"".join([await _piece(attachment.id, each, tx) for each in range(first, last + 1)])
    return joined[start - first * CHUNK : end - first * CHUNK]


async def _piece(attachment_id: UUID, number: int, tx: Tx) -> bytes:
    sealed = await tx.fetch_value(
        "SELECT body_sealed FROM attachment_chunks WHERE attachment_id = $1 AND number = $2",
        attachment_id,
        number,
    )
    if sealed is None:
        raise AttachmentNotHere()
    return tx.vault.open_bytes(sealed, chunk_place(attachment_id, number))


def seen(attachment: Attachment, tx: Tx) -> AttachmentView:
    """Its view, and the entry that somebody looked."""
    tx.saw(attachment.inquiry_id or attachment.id, "attachment")
    return view_of(attachment, tx)


def view_of(attachment: Attachment, tx: Tx) -> AttachmentView:
    fields = attachment.model_dump(include=set(AttachmentView.model_fields) - {"sha256"})
    return AttachmentView(**fields, sha256=attachment.sha256.hex(), name=name_of(attachment, tx))


def reference_to(attachment: Attachment, tx: Tx) -> Reference:
    """How a message names a stored attachment."""
    return Reference(
        id=attachment.id,
        sha256=attachment.sha256.hex(),
        size=attachment.size,
        media_type=attachment.media_type,
        name=name_of(attachment, tx) or "-",
    )


def name_of(attachment: Attachment, tx: Tx) -> str | None:
    sealed = attachment.name_sealed
    return None if sealed is None else tx.vault.open(sealed, name_place(attachment.id))


def name_place(attachment_id: UUID) -> str:
    return f"attachments.name:{attachment_id}"


def chunk_place(attachment_id: UUID, number: int) -> str:
    return f"attachment_chunks.body:{attachment_id}:{number}"
