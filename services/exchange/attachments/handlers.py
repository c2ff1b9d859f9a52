"""Taking uploads, and the small door for inquiries: attach what a desk names, share it with the
peer that is told, expect what a peer named."""

from collections.abc import Sequence
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.exchange.attachments.errors import (
    AttachmentNotFailed,
    AttachmentNotHere,
    NameRefused,
    TooManyAttachments,
)
from services.exchange.attachments.models import Attachment, AttachmentState, Chunk, Share
from services.exchange.attachments.queries import (
    chunk_place,
    name_place,
    of_inquiry,
    reference_to,
    require,
    seen,
    view_of,
)
from services.exchange.attachments.rules import CHUNK, LOOSE_HOURS, Inspector, catalogue
from services.exchange.attachments.schemas import AttachmentView, FileName, Reference
from services.exchange.errors import BadMessage
from services.exchange.participants.node import our_node
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_NAME: TypeAdapter[str] = TypeAdapter(FileName)


async def upload_attachment(name: str | None, file: BinaryIO, tx: Tx) -> AttachmentView:
    """Seal a file, piece by piece. It is loose until an act names it. Raises NameRefused,
    FileTooLarge, FileRefused, OutsideJurisdiction."""
    attachment_id, node = new_id(), await our_node(tx)
    region = max(tx.actor.region, node.region, key=len)
    if not tx.actor.covers(region) or not region.startswith(node.region):
        raise OutsideJurisdiction()
    attachment = Attachment(
        id=attachment_id,
        region=region,
        state=AttachmentState.STORED,
        sha256=b"",
        size=0,
        media_type="",
        name_sealed=tx.vault.seal(_checked_name(name), name_place(attachment_id)),
        uploaded_by=tx.actor.sub,
        created_at=tx.now,
        stored_at=tx.now,
    )
    await tx.add(attachment)
    inspector, hashed = Inspector(), sha256()
    while piece := file.read(CHUNK):
        inspector.feed(piece)
        hashed.update(piece)
        await add_chunk(attachment, piece, tx)
    attachment.media_type, attachment.size = inspector.media_type(), inspector.size
    attachment.sha256 = hashed.digest()
    await tx.save(attachment)
    return view_of(attachment, tx)


async def add_chunk(attachment: Attachment, piece: bytes, tx: Tx) -> None:
    """The next piece, in the order of the file."""
    number = attachment.chunks
    sealed = tx.vault.seal_bytes(piece, chunk_place(attachment.id, number))
    await tx.add(Chunk(attachment_id=attachment.id, number=number, body_sealed=sealed))
    attachment.chunks += 1


async def attach(
    attachment_ids: Sequence[UUID], inquiry_id: UUID, region: str, tx: Tx
) -> list[Reference]:
    """Make uploads of the actor part of an inquiry, whose region they take; what it has already is
    not kept twice. Raises AttachmentNotFound, AttachmentNotHere, TooManyAttachments."""
    known = {each.sha256: each for each in await of_inquiry(inquiry_id, tx)}
    found: dict[UUID, Attachment] = {}
    for attachment_id in sorted(set(attachment_ids)):
        attachment = await require(attachment_id, tx, lock=True)
        if attachment.inquiry_id not in (None, inquiry_id):
            raise AttachmentNotHere()
        same = known.get(attachment.sha256)
        if same is not None and same.state == AttachmentState.STORED:
            if attachment.inquiry_id is None:
                await tx.execute("DELETE FROM attachments WHERE id = $1", attachment.id)
            attachment = same
        elif attachment.state != AttachmentState.STORED:
            raise AttachmentNotHere()
        attachment.inquiry_id, attachment.region = inquiry_id, region
        await tx.save(attachment)
        found[attachment.id] = known[attachment.sha256] = attachment
    if len(known) > catalogue().most_in_an_inquiry:
        raise TooManyAttachments()
    return [reference_to(each, tx) for each in found.values()]


async def share(references: Sequence[Reference], peer: str, tx: Tx) -> None:
    """Let a peer fetch what a message to it names. Raises AttachmentNotHere."""
    for reference in references:
        attachment = await tx.get(Attachment, reference.id)
        if attachment is None or attachment.state in (
            AttachmentState.FAILED,
            AttachmentState.ERASED,
        ):
            raise AttachmentNotHere()
        await tx.add_if_new(Share(attachment_id=reference.id, peer=peer, shared_at=tx.now))


async def references_of(inquiry_id: UUID, tx: Tx) -> list[Reference]:
    """Whatever either side attached to an inquiry and was not erased."""
    usable = (AttachmentState.STORED, AttachmentState.AWAITED)
    rows = await of_inquiry(inquiry_id, tx)
    return [reference_to(each, tx) for each in rows if each.state in usable]


async def expect(
    references: Sequence[Reference], inquiry_id: UUID, region: str, from_node: str, tx: Tx
) -> None:
    """Note what a peer's message names; it is fetched soon. Raises BadMessage for an id that stands
    for another file, and for more files than an inquiry may have."""
    if not references:
        return
    for reference in references:
        known = await tx.get(Attachment, reference.id, lock=True)
        if known is None:
            await tx.add(_awaited(reference, inquiry_id, region, from_node, tx))
        elif (known.inquiry_id, known.sha256.hex()) != (inquiry_id, reference.sha256):
            raise BadMessage()
    most = 2 * catalogue().most_in_an_inquiry  # both sides may have added some meanwhile
    if len(await of_inquiry(inquiry_id, tx)) > most:
        raise BadMessage()


async def move(inquiry_id: UUID, region: str, tx: Tx) -> None:
    """An inquiry went to another place of ours: its files go along."""
    await tx.execute("UPDATE attachments SET region = $2 WHERE inquiry_id = $1", inquiry_id, region)


async def fetch_again(attachment_id: UUID, tx: Tx) -> AttachmentView:
    """Try anew to get what could not be got. Raises AttachmentNotFound, AttachmentNotFailed."""
    attachment = await require(attachment_id, tx, lock=True)
    if attachment.state != AttachmentState.FAILED:
        raise AttachmentNotFailed()
    attachment.state, attachment.attempts = AttachmentState.AWAITED, 0
    attachment.next_attempt_at, attachment.last_error = tx.now, None
    await tx.save(attachment)
    return seen(attachment, tx)


async def erase_of_inquiry(inquiry_id: UUID, tx: Tx) -> int:
    """Contents and names of an inquiry's files go; hashes stay. Returns how many went."""
    await tx.execute(
        "DELETE FROM attachment_chunks WHERE attachment_id IN"
        " (SELECT id FROM attachments WHERE inquiry_id = $1)",
        inquiry_id,
    )
    tag = await tx.execute(
        "UPDATE attachments SET state = 'erased', erased_at = $2, name_sealed = NULL, chunks = 0"
        " WHERE inquiry_id = $1 AND state <> 'erased'",
        inquiry_id,
        tx.now,
    )
    return int(tag.rpartition(" ")[2])


async def discard_loose(tx: Tx) -> int:
    """Delete uploads that no act took in a day; returns how many."""
    tag = await tx.execute(
        "DELETE FROM attachments WHERE inquiry_id IS NULL"
        " AND created_at < $1::timestamptz - make_interval(hours => $2)",
        tx.now,
        LOOSE_HOURS,
    )
    return int(tag.rpartition(" ")[2])


def _awaited(
    reference: Reference, inquiry_id: UUID, region: str, from_node: str, tx: Tx
) -> Attachment:
    return Attachment(
        id=reference.id,
        inquiry_id=inquiry_id,
        region=region,
        from_node=from_node,
        state=AttachmentState.AWAITED,
        sha256=bytes.fromhex(reference.sha256),
        size=reference.size,
        media_type=reference.media_type,
        name_sealed=tx.vault.seal(reference.name, name_place(reference.id)),
        created_at=tx.now,
        next_attempt_at=tx.now,
    )


def _checked_name(name: str | None) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        raise NameRefused() from error
