"""Taking peers' messages in, several in one transaction: the log is held once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from services.exchange.errors import (
    AlteredMessage,
    BadMessage,
    NotAllowedToPeer,
    Refused,
    StaleMessage,
    WrongReceiver,
)
from services.exchange.evidence.handlers import Appended, Entry, append_leaves
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import RECEIPT_TYPE, moment, text_of
from services.exchange.messages.door import Door, Received
from services.exchange.messages.handlers import mark_claim
from services.exchange.messages.reading import Arrival
from services.exchange.messages.rules import is_fresh
from services.exchange.messages.schemas import Ack, AckResponse, Header, NotifyMessage
from services.exchange.messages.sender import check_sender
from services.exchange.participants.models import Participant
from services.exchange.participants.node import Node, our_node
from services.exchange.participants.permissions import may_be_sent, may_send
from services.exchange.participants.queries import find_active
from shared.db import Tx
from shared.problems import Problem
from shared.signing import JsonObject, sign_compact

_Receipts = dict[tuple[str, str], tuple[bytes, str]]
"""By sender and message id: the hash of what was receipted, and the receipt."""

# In the order of their keys, so that replicas that take the same ones wait for each other in turn.
_TAKE = """
INSERT INTO messages_in (from_node, message_id, kind, subject_id, region, envelope_sealed,
  payload_hash, said_at, received_at)
SELECT from_node, message_id, kind, subject_id, $1, envelope, hash, said_at, $2
FROM unnest($3::text[], $4::text[], $5::text[], $6::uuid[], $7::bytea[], $8::bytea[],
  $9::timestamptz[])
  AS came (from_node, message_id, kind, subject_id, envelope, hash, said_at)
ORDER BY from_node, message_id
ON CONFLICT DO NOTHING RETURNING from_node, message_id
"""
_RECEIPTED = """
UPDATE messages_in AS message SET leaf_index = given.leaf_index, receipt = given.receipt
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
  AS given (from_node, message_id, leaf_index, receipt)
WHERE (message.from_node, message.message_id) = (given.from_node, given.message_id)
"""
_TAKEN_BEFORE = """
SELECT from_node, message_id, payload_hash, receipt FROM messages_in
JOIN unnest($1::text[], $2::text[]) AS again (from_node, message_id) USING (from_node, message_id)
"""


@dataclass(frozen=True)
class _Believed:
    """A message of its sender, meant for us, of a kind that both may exchange; not applied yet."""

    arrival: Arrival
    fact: Received[Any]

    @property
    def header(self) -> Header:
        return self.arrival.said[0]

    @property
    def hashed(self) -> bytes:
        return self.arrival.hashed

    @property
    def key(self) -> tuple[str, str]:
        return self.header.sender_id, self.header.message_id


async def receive_messages(
    arrivals: Sequence[Arrival], door: Door, tx: Tx
) -> Sequence[AckResponse | Refused]:
    """Verify messages, apply each once, in their order, and give the signed receipts; the same
    message again gets the same receipt and changes nothing. Whatever is not believed is answered
    with a Refused. Raises what the first that cannot be applied was refused with: then none is
    taken in, and that one has to come alone."""
    node, senders = await our_node(tx), _Senders(tx)
    verdicts = [await _verdict(each, node, senders, door, tx) for each in arrivals]
    believed = [each for each in verdicts if isinstance(each, _Believed)]
    new = await _take(believed, node, tx)
    for _, together in groupby(new, key=lambda each: each.fact.kind):
        await _apply(list(together), door, tx)
    receipts = await _put_on_record(new, node, tx)
    if len(receipts) < len(believed):
        receipts |= await _given_before([each for each in believed if each.key not in receipts], tx)
    return [_answer(each, receipts, tx) for each in verdicts]


class _Senders:
    """The participants that messages of one transaction name, each looked up once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._known: dict[str, Participant | None] = {}

    async def find(self, node_id: str) -> Participant | None:
        if node_id not in self._known:
            self._known[node_id] = await find_active(node_id, self._tx)
        return self._known[node_id]


async def _verdict(
    arrival: Arrival, node: Node, senders: _Senders, door: Door, tx: Tx
) -> _Believed | Refused:
    try:
        with mark_claim(arrival.envelope):
            header, message = arrival.said
            known = await senders.find(header.sender_id)
            sender = check_sender(arrival, known, tx.now)
            if header.receiver_id != node.id:
                raise WrongReceiver()
            fact = _opened(header, message, node, door)
            _check_permitted(fact, sender, node)
            return _Believed(arrival, fact)
    except Refused as refused:
        return refused


def _opened(header: Header, message: NotifyMessage, node: Node, door: Door) -> Received[Any]:
    """The fact inside, by its own closed model."""
    event = message.notify_event[0]
    kind = event.data.reg_record_type
    known = door.facts.get(kind)
    if known is None:
        raise BadMessage()
    try:
        subject = UUID(message.transaction_id)
        record = known[0].model_validate(event.data.reg_records)
    except ValueError as error:  # pydantic's is one
        raise BadMessage() from error
    return Received(node, header.sender_id, kind, subject, event.timestamp, record)


def _check_permitted(fact: Received[Any], sender: Participant, node: Node) -> None:
    asked = getattr(fact.record, "kind", None)
    if not may_send(sender.level, sender.roles, fact.kind, asked):
        raise NotAllowedToPeer()
    if not may_be_sent(node.level, node.roles, fact.kind, asked):
        raise NotAllowedToPeer()


async def _take(believed: Sequence[_Believed], node: Node, tx: Tx) -> list[_Believed]:
    """Keep those that are in time and were not kept before, and say which; one that is just being
    taken elsewhere is waited for."""
    fresh = {
        each.key: each for each in reversed(believed) if is_fresh(each.header.message_ts, tx.now)
    }
    if not fresh:
        return []
    rows = await tx.fetch(
        _TAKE,
        node.region,
        tx.now,
        [sender for sender, _ in fresh],
        [message_id for _, message_id in fresh],
        [each.fact.kind for each in fresh.values()],
        [each.fact.subject_id for each in fresh.values()],
        [tx.vault.seal(each.arrival.text, _place(each)) for each in fresh.values()],
        [each.hashed for each in fresh.values()],
        [each.fact.sent_at for each in fresh.values()],
    )
    kept = {tuple(row) for row in rows}
    return [each for each in believed if each.key in kept and fresh[each.key] is each]


async def _apply(together: Sequence[_Believed], door: Door, tx: Tx) -> None:
    """By the handler of their kind. Where one of several cannot be applied, that one has to come
    alone: what is raised is then about it."""
    first = together[0]
    _, apply = door.facts[first.fact.kind]
    with mark_claim(first.arrival.envelope):
        try:
            await apply([each.fact for each in together], tx)
        except Refused:
            raise
        except Problem as problem:
            if not problem.permanent:
                raise
            raise BadMessage(problem.title) from problem


async def _put_on_record(new: Sequence[_Believed], node: Node, tx: Tx) -> _Receipts:
    """Log what was applied, and sign a receipt for each."""
    if not new:
        return {}
    entries = [
        Entry(Direction.RECEIVED, each.header.message_id, each.header.sender_id, each.hashed)
        for each in new
    ]
    log = await append_leaves(entries, tx, node)
    receipts = [
        _receipt(entry, leaf, log, node, tx)
        for entry, leaf in zip(entries, log.leaves, strict=True)
    ]
    await tx.execute(
        _RECEIPTED,
        [each.peer for each in entries],
        [each.message_id for each in entries],
        list(log.leaves),
        receipts,
    )
    return {each.key: (each.hashed, receipt) for each, receipt in zip(new, receipts, strict=True)}


def _receipt(entry: Entry, leaf_index: int, log: Appended, node: Node, tx: Tx) -> str:
    """What we owe the sender: that its message is in our log, and what the log then was."""
    claims: JsonObject = {
        "node": node.id,
        "message_id": entry.message_id,
        "payload_hash": entry.payload_hash.hex(),
        "received_at": moment(tx.now),
        "leaf_index": leaf_index,
        "tree_size": log.leaves.stop,
        "root": text_of(log.root),
    }
    return sign_compact(claims, node.key, RECEIPT_TYPE)


async def _given_before(again: Sequence[_Believed], tx: Tx) -> _Receipts:
    rows = await tx.fetch(
        _TAKEN_BEFORE, [each.key[0] for each in again], [each.key[1] for each in again]
    )
    return {
        (row["from_node"], row["message_id"]): (row["payload_hash"], row["receipt"])
        for row in rows
        if row["receipt"] is not None
    }


def _answer(verdict: _Believed | Refused, receipts: _Receipts, tx: Tx) -> AckResponse | Refused:
    """The receipt of what was taken in, now or before."""
    if isinstance(verdict, Refused):
        return verdict
    hashed, receipt = receipts.get(verdict.key, (None, ""))
    if hashed == verdict.hashed:
        message_id = verdict.header.message_id
        return AckResponse(
            message=Ack(timestamp=tx.now, correlation_id=message_id, receipt=receipt)
        )
    refused = StaleMessage() if hashed is None else AlteredMessage()
    refused.sender, refused.message_id = verdict.key
    return refused


def _place(each: _Believed) -> str:
    return f"messages_in.envelope:{each.header.sender_id}:{each.header.message_id}"
