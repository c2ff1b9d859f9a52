"""Takes partners' messages in: whose they are, whether they may, and once."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue, ValidationError

from services.exchange.dci.errors import AnotherSender, CallbackRefused
from services.exchange.dci.models import (
    Action,
    CallbackState,
    DciTransaction,
    Partner,
    Reference,
)
from services.exchange.dci.partner_queries import body_place
from services.exchange.dci.rules import callback_of
from services.exchange.dci.schemas import (
    MESSAGES,
    RequestHeader,
    RequestMessage,
    SearchRequest,
    SubscribeRequest,
)
from services.exchange.dci.signatures import verify
from services.exchange.dci.tokens import bearer_of
from services.exchange.errors import (
    AlteredMessage,
    BadMessage,
    EncryptionRefused,
    StaleMessage,
    UnsupportedVersion,
    WrongReceiver,
)
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.messages.handlers import mark_claim
from services.exchange.messages.rules import VERSION, is_fresh, payload_hash
from services.exchange.participants.node import our_node
from shared.db import Tx
from shared.ids import new_id
from shared.signing import JsonObject, NotCanonical


@dataclass(frozen=True)
class Call:
    """A message as it came in. `sync`: the answer goes back at once; `local`: from this machine, to
    a service that takes unsigned messages from there."""

    envelope: JsonObject
    action: Action
    sync: bool
    authorization: str
    local: bool


async def take(call: Call, tx: Tx) -> DciTransaction:
    """The transaction of a message: a new one, or the one that the same message began before.
    Raises a Refused."""
    with mark_claim(call.envelope):
        return await _take(call, tx)


async def _take(call: Call, tx: Tx) -> DciTransaction:
    partner = await bearer_of(call.authorization, tx)
    header, message = _parsed(call)
    if header.sender_id != partner.sender_id:
        raise AnotherSender()
    verify(call.envelope, partner, local=call.local)
    node = await our_node(tx)
    if header.receiver_id is not None and header.receiver_id != node.id:
        raise WrongReceiver()
    if not is_fresh(header.message_ts, tx.now):
        raise StaleMessage()
    callback = None if call.sync else callback_of(header.sender_uri, partner.address, call.action)
    if callback is None and not call.sync:
        raise CallbackRefused()
    hashed = hash_of(call)
    transaction = _begun(call, header, message, partner, callback, hashed, node.region, tx)
    if not await tx.add_if_new(transaction):  # a second one meanwhile waits for the first
        return await _begun_before(transaction, tx)
    for reference_id in _references(message):
        await tx.add_if_new(
            Reference(partner_id=partner.id, reference_id=reference_id, asked_in=transaction.id)
        )
    entry = Entry(Direction.RECEIVED, header.message_id, partner.sender_id, hashed)
    await log_received(entry, transaction.id, tx)
    return transaction


async def log_received(entry: Entry, transaction_id: UUID, tx: Tx) -> None:
    """Put what a partner sent on record. Holds the log: do it last."""
    await tx.execute(
        "UPDATE dci_transactions SET received_leaf = $2 WHERE id = $1",
        transaction_id,
        await append_leaf(entry, tx),
    )


def _parsed(call: Call) -> tuple[RequestHeader, RequestMessage]:
    """Raises UnsupportedVersion, EncryptionRefused, BadMessage."""
    raw = call.envelope.get("header")
    members: dict[str, JsonValue] = raw if isinstance(raw, dict) else {}
    if members.get("version", VERSION) != VERSION:
        raise UnsupportedVersion()
    if members.get("is_msg_encrypted"):
        raise EncryptionRefused()
    try:
        header = RequestHeader.model_validate(raw)
        message = MESSAGES[call.action].model_validate(call.envelope.get("message"))
    except ValidationError as error:
        raise BadMessage() from error
    if header.action is not call.action:
        raise BadMessage()
    return header, message


def _begun(
    call: Call,
    header: RequestHeader,
    message: RequestMessage,
    partner: Partner,
    callback: str | None,
    hashed: bytes,
    region: str,
    tx: Tx,
) -> DciTransaction:
    transaction_id = new_id()
    kept = {name: call.envelope.get(name) for name in ("header", "message")}
    return DciTransaction(
        id=transaction_id,
        region=region,
        partner_id=partner.id,
        action=call.action,
        message_id=header.message_id,
        body_hash=hashed,
        transaction_id=message.transaction_id,
        body_sealed=tx.vault.seal(json.dumps(kept), body_place(transaction_id)),
        delivery=CallbackState.IN_ANSWER if call.sync else CallbackState.WAITING,
        callback_uri=callback,
        due_at=tx.now,
        asked_at=tx.now,
    )


def hash_of(call: Call) -> bytes:
    """Of header and message without the time of sending: the same for every attempt. Raises
    BadMessage for what has no canonical form."""
    try:
        return payload_hash(call.envelope)
    except NotCanonical as error:
        raise BadMessage() from error


async def _begun_before(again: DciTransaction, tx: Tx) -> DciTransaction:
    """Raises AlteredMessage when the same id stands for another content, or another door."""
    found = await tx.find(
        DciTransaction,
        "SELECT * FROM dci_transactions WHERE partner_id = $1 AND message_id = $2",
        again.partner_id,
        again.message_id,
    )
    if not found or _said(found[0]) != _said(again):
        raise AlteredMessage()
    return found[0]


def _said(transaction: DciTransaction) -> tuple[bytes | None, str, bool]:
    """What was sent, and by which door."""
    return transaction.body_hash, transaction.action, transaction.callback_uri is None


def _references(message: RequestMessage) -> Collection[str]:
    if isinstance(message, SearchRequest):
        return [each.reference_id for each in message.search_request]
    if isinstance(message, SubscribeRequest):
        return [each.reference_id for each in message.subscribe_request]
    return []
