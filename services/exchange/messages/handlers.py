"""Queueing messages to peers, and taking theirs in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from pydantic import JsonValue, ValidationError

from services.exchange.errors import (
    AlteredMessage,
    BadMessage,
    EncryptionRefused,
    NotAllowedToPeer,
    NotPermitted,
    Refused,
    StaleMessage,
    UnsupportedVersion,
    WrongReceiver,
)
from services.exchange.evidence.handlers import Entry, append_leaf, append_with_root
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import RECEIPT_TYPE, moment, text_of
from services.exchange.messages.door import Door, Received
from services.exchange.messages.models import MessageIn, MessageOut
from services.exchange.messages.rules import VERSION, is_fresh, notify_content, payload_hash
from services.exchange.messages.schemas import Ack, AckResponse, Header, NotifyMessage
from services.exchange.messages.sender import verified_sender
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.permissions import may_be_sent, may_send
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Problem
from shared.signing import JsonObject, sign_compact


async def queue_message(
    to: str, kind: str, subject_id: UUID, record: JsonObject, tx: Tx, *, region: str | None = None
) -> MessageOut:
    """Promise a peer a fact, in the transaction of the change it tells about: it is on record at
    once and sent until a receipt comes back. Holds the log: do it last. `region` is the place of
    ours whose matter it is: offices outside see nothing of it. The actor's own where absent.
    Raises NotPermitted."""
    node, message_id = await our_node(tx), str(new_id())
    await _check_permitted(node, to, kind, record, tx)
    content = notify_content(message_id, node.id, to, kind, subject_id, record, tx.now)
    hashed = payload_hash(content)
    message = MessageOut(
        message_id=message_id,
        to_node=to,
        kind=kind,
        subject_id=subject_id,
        region=max(region or tx.actor.region, node.region, key=len),
        content_sealed=tx.vault.seal(json.dumps(content), content_place(message_id)),
        payload_hash=hashed,
        leaf_index=await append_leaf(Entry(Direction.SENT, message_id, to, hashed), tx, node),
        next_attempt_at=tx.now,
        created_at=tx.now,
    )
    await tx.add(message)
    return message


async def _check_permitted(node: Node, to: str, kind: str, record: JsonObject, tx: Tx) -> None:
    peer, asked = await tx.get(Participant, to), record.get("kind")
    ours = may_send(node.level, node.roles, kind, asked)
    if not ours or (peer and not may_be_sent(peer.level, peer.roles, kind, asked)):
        raise NotPermitted()


def content_place(message_id: str) -> str:
    return f"messages_out.content:{message_id}"


async def receive_message(
    envelope: JsonObject, door: Door, shown: bytes | None, tx: Tx
) -> AckResponse:
    """Verify a peer's message, apply it once, and give the signed receipt. The same message
    again gets the same receipt and changes nothing. `shown` is the fingerprint of the client
    certificate it came with, where one can be seen. Raises a Refused."""
    with mark_claim(envelope):
        return await _receive(envelope, door, shown, tx)


@contextmanager
def mark_claim(envelope: JsonObject) -> Iterator[None]:
    """A refusal says which sender and message it is about, as the envelope claims, whether or not
    it is believed."""
    try:
        yield
    except Refused as refused:
        refused.sender, refused.message_id = _claimed(envelope)
        raise


async def _receive(envelope: JsonObject, door: Door, shown: bytes | None, tx: Tx) -> AckResponse:
    node = await our_node(tx)
    header, message = _parsed(envelope)
    sender = await verified_sender(envelope, header, shown, tx)
    if header.receiver_id != node.id:
        raise WrongReceiver()
    hashed = payload_hash(envelope)
    received = _opened(header, message, door)
    asked = getattr(received.record, "kind", None)
    if not may_send(sender.level, sender.roles, received.kind, asked):
        raise NotAllowedToPeer()
    if not may_be_sent(node.level, node.roles, received.kind, asked):
        raise NotAllowedToPeer()
    taken = MessageIn(
        from_node=sender.id,
        message_id=header.message_id,
        kind=received.kind,
        subject_id=received.subject_id,
        region=node.region,
        envelope_sealed=tx.vault.seal(json.dumps(envelope), _envelope_place(header)),
        payload_hash=hashed,
        said_at=received.sent_at,
        received_at=tx.now,
    )
    if not await tx.add_if_new(taken):  # a second one arriving meanwhile waits for the first
        return await _answer_again(taken, tx)
    if not is_fresh(header.message_ts, tx.now):
        raise StaleMessage()
    await _apply(received, door, tx)
    entry = Entry(Direction.RECEIVED, header.message_id, sender.id, hashed)
    leaf_index, root = await append_with_root(entry, tx, node)
    receipt = _receipt(entry, leaf_index, root, node, tx)
    await tx.execute(
        "UPDATE messages_in SET leaf_index = $3, receipt = $4"
        " WHERE from_node = $1 AND message_id = $2",
        sender.id,
        header.message_id,
        leaf_index,
        receipt,
    )
    return _ack(header.message_id, receipt, tx)


def _parsed(envelope: JsonObject) -> tuple[Header, NotifyMessage]:
    raw = envelope.get("header")
    if isinstance(raw, dict) and raw.get("version", VERSION) != VERSION:
        raise UnsupportedVersion()
    if isinstance(raw, dict) and raw.get("is_msg_encrypted"):
        raise EncryptionRefused()
    if envelope.keys() - {"signature", "header", "message"}:
        raise BadMessage()
    try:
        return (
            Header.model_validate(raw),
            NotifyMessage.model_validate(envelope.get("message")),
        )
    except ValidationError as error:
        raise BadMessage() from error


def _opened(header: Header, message: NotifyMessage, door: Door) -> Received:  # type: ignore[type-arg]
    """The fact inside, by its own closed model."""
    event = message.notify_event[0]
    known = door.facts.get(event.data.reg_record_type)
    if known is None:
        raise BadMessage()
    try:
        subject = UUID(message.transaction_id)
        record = known[0].model_validate(event.data.reg_records)
    except ValueError as error:  # pydantic's is one
        raise BadMessage() from error
    kind = event.data.reg_record_type
    return Received(header.sender_id, kind, subject, event.timestamp, record)


async def _answer_again(taken: MessageIn, tx: Tx) -> AckResponse:
    known = await tx.fetch_row(
        "SELECT payload_hash, receipt FROM messages_in WHERE from_node = $1 AND message_id = $2",
        taken.from_node,
        taken.message_id,
    )
    if known is None or known["receipt"] is None or known["payload_hash"] != taken.payload_hash:
        raise AlteredMessage()
    return _ack(taken.message_id, known["receipt"], tx)


async def _apply(received: Received, door: Door, tx: Tx) -> None:  # type: ignore[type-arg]
    _, apply = door.facts[received.kind]
    try:
        await apply(received, tx)
    except Refused:
        raise
    except Problem as problem:
        if not problem.permanent:
            raise
        raise BadMessage(problem.title) from problem


def _receipt(entry: Entry, leaf_index: int, root: bytes, node: Node, tx: Tx) -> str:
    """What we owe the sender: that its message is in our log, and what the log then was."""
    claims: JsonObject = {
        "node": node.id,
        "message_id": entry.message_id,
        "payload_hash": entry.payload_hash.hex(),
        "received_at": moment(tx.now),
        "leaf_index": leaf_index,
        "tree_size": leaf_index + 1,
        "root": text_of(root),
    }
    return sign_compact(claims, node.key, RECEIPT_TYPE)


def _ack(message_id: str, receipt: str, tx: Tx) -> AckResponse:
    return AckResponse(message=Ack(timestamp=tx.now, correlation_id=message_id, receipt=receipt))


def _envelope_place(header: Header) -> str:
    return f"messages_in.envelope:{header.sender_id}:{header.message_id}"


def _claimed(envelope: JsonObject) -> tuple[str | None, str | None]:
    header = envelope.get("header")
    if not isinstance(header, dict):
        return None, None
    return _short(header.get("sender_id")), _short(header.get("message_id"))


def _short(claim: JsonValue) -> str | None:
    """At most 99 characters of what somebody wrote, fit to be stored."""
    return claim[:99].encode(errors="replace").decode() if isinstance(claim, str) else None
