"""Queueing messages to peers, and whose a refused message claimed to be."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from pydantic import JsonValue

from services.exchange.errors import NotPermitted, Refused
from services.exchange.messages.models import MessageOut
from services.exchange.messages.rules import notify_content, payload_hash
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.permissions import may_be_sent, may_send
from shared.db import Tx
from shared.ids import new_id
from shared.signing import JsonObject


async def queue_message(
    to: str, kind: str, subject_id: UUID, record: JsonObject, tx: Tx, *, region: str | None = None
) -> MessageOut:
    """Promise a peer a fact, in the transaction of the change it tells about: it goes on record in
    a moment, and is sent from then on until a receipt comes back. `region` is the place of ours
    whose matter it is: offices outside see nothing of it. The actor's own where absent. Raises
    NotPermitted."""
    node, message_id = await our_node(tx), str(new_id())
    await _check_permitted(node, to, kind, record, tx)
    content = notify_content(message_id, node.id, to, kind, subject_id, record, tx.now)
    message = MessageOut(
        message_id=message_id,
        to_node=to,
        kind=kind,
        subject_id=subject_id,
        region=max(region or tx.actor.region, node.region, key=len),
        content_sealed=tx.vault.seal(json.dumps(content), content_place(message_id)),
        payload_hash=payload_hash(content),
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


@contextmanager
def mark_claim(envelope: JsonObject) -> Iterator[None]:
    """A refusal says which sender and message it is about, as the envelope claims, whether or not
    it is believed."""
    try:
        yield
    except Refused as refused:
        refused.sender, refused.message_id = _claimed(envelope)
        raise


def _claimed(envelope: JsonObject) -> tuple[str | None, str | None]:
    header = envelope.get("header")
    if not isinstance(header, dict):
        return None, None
    return _short(header.get("sender_id")), _short(header.get("message_id"))


def _short(claim: JsonValue) -> str | None:
    """At most 99 characters of what somebody wrote, fit to be stored."""
    return claim[:99].encode(errors="replace").decode() if isinstance(claim, str) else None
