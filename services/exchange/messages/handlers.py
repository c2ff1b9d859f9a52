"""Queueing messages to peers, and taking theirs in."""

import json
from uuid import UUID

from pydantic import JsonValue, ValidationError

from services.exchange.errors import (
    AlteredMessage,
    BadMessage,
    EncryptionRefused,
    Refused,
    SignatureMissing,
    SignatureRefused,
    StaleMessage,
    UnknownSender,
    UnsupportedVersion,
    WrongReceiver,
)
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.queries import root_at
from services.exchange.evidence.rules import RECEIPT_TYPE, moment, text_of
from services.exchange.messages.door import Door, Received
from services.exchange.messages.models import MessageIn, MessageOut
from services.exchange.messages.rules import VERSION, is_fresh, notify_content, payload_hash
from services.exchange.messages.schemas import Ack, AckResponse, Header, NotifyMessage
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.queries import find_active
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Problem
from shared.signing import (
    JsonObject,
    NotCanonical,
    SignatureInvalid,
    sign_compact,
    verify_detached,
)

_REFUSALS_AN_HOUR = 1000  # kept; a flood of forgeries must not fill the disk


async def queue_message(
    to: str, kind: str, subject_id: UUID, record: JsonObject, tx: Tx
) -> MessageOut:
    """Promise a peer a fact, in the transaction of the change it tells about: it is on record at
    once and sent until a receipt comes back. Holds the log: do it last."""
    node, message_id = await our_node(tx), str(new_id())
    content = notify_content(message_id, node.id, to, kind, subject_id, record, tx.now)
    hashed = payload_hash(content)
    message = MessageOut(
        message_id=message_id,
        to_node=to,
        kind=kind,
        subject_id=subject_id,
        content_sealed=tx.vault.seal(json.dumps(content), content_place(message_id)),
        payload_hash=hashed,
        leaf_index=await append_leaf(Entry(Direction.SENT, message_id, to, hashed), tx),
        next_attempt_at=tx.now,
        created_at=tx.now,
    )
    await tx.add(message)
    return message


def content_place(message_id: str) -> str:
    return f"messages_out.content:{message_id}"


async def receive_message(envelope: JsonObject, door: Door, tx: Tx) -> AckResponse:
    """Verify a peer's message, apply it once, and give the signed receipt. The same message
    again gets the same receipt and changes nothing. Raises a Refused."""
    try:
        return await _receive(envelope, door, tx)
    except Refused as refused:
        refused.sender, refused.message_id = _claimed(envelope)
        raise


async def _receive(envelope: JsonObject, door: Door, tx: Tx) -> AckResponse:
    node = await our_node(tx)
    header, message = _parsed(envelope)
    sender = await _verified_sender(envelope, header, tx)
    if header.receiver_id != node.id:
        raise WrongReceiver()
    hashed = payload_hash(envelope)
    received = _opened(header, message, door)
    taken = MessageIn(
        from_node=sender.id,
        message_id=header.message_id,
        kind=received.kind,
        subject_id=received.subject_id,
        envelope_sealed=tx.vault.seal(json.dumps(envelope), _envelope_place(header)),
        payload_hash=hashed,
        received_at=tx.now,
    )
    if not await _claim(taken, tx):
        return await _answer_again(taken, tx)
    if not is_fresh(header.message_ts, tx.now):
        raise StaleMessage()
    await _apply(received, door, tx)
    entry = Entry(Direction.RECEIVED, header.message_id, sender.id, hashed)
    leaf_index = await append_leaf(entry, tx)
    receipt = await _receipt(entry, leaf_index, node, tx)
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


async def _verified_sender(envelope: JsonObject, header: Header, tx: Tx) -> Participant:
    """The participant whose key signed {header, message}."""
    signature = envelope.get("signature")
    if not isinstance(signature, str) or not signature:
        raise SignatureMissing()
    sender = await find_active(header.sender_id, tx)
    if sender is None:
        raise UnknownSender()
    body: JsonObject = {"header": envelope["header"], "message": envelope["message"]}
    try:
        verify_detached(signature, body, sender.jwks)
    except (SignatureInvalid, NotCanonical) as error:
        raise SignatureRefused() from error
    return sender


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


async def _claim(taken: MessageIn, tx: Tx) -> bool:
    """Whether this is the first time; a second one arriving meanwhile waits for the first."""
    tag = await tx.execute(
        "INSERT INTO messages_in (from_node, message_id, kind, subject_id, envelope_sealed,"
        " payload_hash, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        taken.from_node,
        taken.message_id,
        taken.kind,
        taken.subject_id,
        taken.envelope_sealed,
        taken.payload_hash,
        taken.received_at,
    )
    return tag == "INSERT 0 1"


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


async def _receipt(entry: Entry, leaf_index: int, node: Node, tx: Tx) -> str:
    """What we owe the sender: that its message is in our log, and what the log then was."""
    size = leaf_index + 1
    claims: JsonObject = {
        "node": node.id,
        "message_id": entry.message_id,
        "payload_hash": entry.payload_hash.hex(),
        "received_at": moment(tx.now),
        "leaf_index": leaf_index,
        "tree_size": size,
        "root": text_of(await root_at(size, tx)),
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


async def log_refusal(refused: Refused, tx: Tx) -> None:
    """Keep a refusal as evidence; the reason is the error's own, never the message's text."""
    await tx.execute(
        "INSERT INTO refusals (at, sender_id, message_id, code, reason)"
        " SELECT $1::timestamptz, $2, $3, $4, $5 WHERE (SELECT count(*) FROM refusals"
        " WHERE at > $1::timestamptz - interval '1 hour') < $6",
        tx.now,
        refused.sender,
        refused.message_id,
        refused.code,
        type(refused).__name__,
        _REFUSALS_AN_HOUR,
    )
