"""The peer door of attachments: whoever was told of one fetches it with a signed request, piece by
piece."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.exchange.attachments.errors import AttachmentGone, RangeRefused
from services.exchange.attachments.models import Attachment, AttachmentState, Share
from services.exchange.attachments.queries import bytes_of
from services.exchange.attachments.rules import FETCH_TYPE, range_of
from services.exchange.errors import (
    BadMessage,
    KeyUnknown,
    NotAllowedToPeer,
    SignatureMissing,
    SignatureRefused,
    StaleMessage,
    UnknownSender,
    UnknownSubject,
    WrongReceiver,
)
from services.exchange.evidence.rules import moment
from services.exchange.messages.rules import is_fresh
from services.exchange.participants.certificates import check_shown
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.queries import find_active
from services.exchange.participants.validity import keys_of, left_at, verify_dated
from shared.db import Tx
from shared.problems import Unavailable
from shared.signing import JsonObject, SignatureInvalid, kid_of, sign_compact, unproved


@dataclass(frozen=True)
class Piece:
    """The bytes [start, start + len(content)) of `size`."""

    content: bytes
    start: int
    size: int


@dataclass(frozen=True)
class Caller:
    """Who asks: the signed request, and the fingerprint of the client certificate, where one can be
    seen."""

    request: str | None
    shown: bytes | None


def fetch_request(node: Node, to: str, attachment: Attachment, at: datetime) -> str:
    """What a node sends, as a compact JWS, to get an attachment that it was told of."""
    claims: JsonObject = {
        "node": node.id,
        "to": to,
        "attachment": str(attachment.id),
        "sha256": attachment.sha256.hex(),
        "timestamp": moment(at),
    }
    return sign_compact(claims, node.key, FETCH_TYPE)


async def serve_piece(attachment_id: UUID, caller: Caller, wanted: str | None, tx: Tx) -> Piece:
    """Check who asks and give the bytes of a Range header, at most a chunk of them. Raises a
    Refused, Unavailable while the file has not arrived here itself."""
    peer = await _asking(attachment_id, caller, tx)
    attachment = await tx.get(Attachment, attachment_id)
    share = await _share_of(attachment_id, peer, tx)
    if attachment is None or share is None:
        raise UnknownSubject()
    if attachment.state == AttachmentState.ERASED:
        raise AttachmentGone()
    if attachment.state != AttachmentState.STORED:
        raise Unavailable()
    found = range_of(wanted, attachment.size)
    if found is None:
        raise RangeRefused()
    await _note(attachment, peer, found[1] == attachment.size, tx)
    return Piece(await bytes_of(attachment, *found, tx), found[0], attachment.size)


async def _asking(attachment_id: UUID, caller: Caller, tx: Tx) -> Participant:
    """The participant whose key signed the request, with one that counts now."""
    token = caller.request
    if not token:
        raise SignatureMissing()
    try:
        claimed = unproved(token).get("node")
    except SignatureInvalid as error:
        raise BadMessage() from error
    peer = await find_active(claimed, tx) if isinstance(claimed, str) else None
    if peer is None:
        raise UnknownSender()
    check_shown(caller.shown, peer)
    keys = left_at(peer.key_history, tx.now)
    if kid_of(token) not in {key.get("kid") for key in keys_of(keys)}:
        raise KeyUnknown()
    try:
        claims = verify_dated(token, keys, FETCH_TYPE)
    except SignatureInvalid as error:
        raise SignatureRefused() from error
    if claims.get("to") != (await our_node(tx)).id:
        raise WrongReceiver()
    if claims.get("attachment") != str(attachment_id):
        raise NotAllowedToPeer()
    if not is_fresh(datetime.fromisoformat(str(claims["timestamp"])), tx.now):
        raise StaleMessage()
    return peer


async def _share_of(attachment_id: UUID, peer: Participant, tx: Tx) -> Share | None:
    found = await tx.find(
        Share,
        "SELECT * FROM attachment_shares WHERE attachment_id = $1 AND peer = $2",
        attachment_id,
        peer.id,
    )
    return found[0] if found else None


async def _note(attachment: Attachment, peer: Participant, to_the_end: bool, tx: Tx) -> None:
    """The person it is about sees which node got it: entered once, with the last piece."""
    if not to_the_end:
        return
    tx.actor = replace(tx.actor, sub=peer.id, name=peer.name, org=peer.id)
    tx.saw(attachment.inquiry_id or attachment.id, "attachment")
    await tx.execute(
        "UPDATE attachment_shares SET fetched_at = coalesce(fetched_at, $3)"
        " WHERE attachment_id = $1 AND peer = $2",
        attachment.id,
        peer.id,
        tx.now,
    )
