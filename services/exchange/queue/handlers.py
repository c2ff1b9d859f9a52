"""An operator's decisions about messages on their way out. Each is kept with who and why."""

import json

from services.exchange.errors import (
    AlreadyPaused,
    NoParticipant,
    NotDivertible,
    NotInThisState,
    NotPaused,
    ParticipantNotFound,
)
from services.exchange.messages.handlers import content_place, queue_message
from services.exchange.messages.models import Delivery, MessageOut
from services.exchange.notices.handlers import readdress
from services.exchange.notices.rules import is_notice
from services.exchange.participants.models import Participant
from services.exchange.participants.queries import find_active
from services.exchange.queue.queries import list_peers, message_view, require_message
from services.exchange.queue.schemas import (
    DivertMessage,
    GiveUpMessage,
    PausePeer,
    PeerQueueView,
    QueuedMessageView,
)
from shared.db import Tx
from shared.problems import NotFound

_WAITING = (Delivery.QUEUED, Delivery.SENDING)
_ENDED = (Delivery.FAILED, Delivery.GIVEN_UP)


async def pause_peer(command: PausePeer, peer: str, tx: Tx) -> PeerQueueView:
    """Send it nothing until it is resumed; what is on the wire now still ends. Raises
    ParticipantNotFound, AlreadyPaused."""
    if await tx.get(Participant, peer) is None:
        raise ParticipantNotFound()
    tag = await tx.execute(
        "INSERT INTO peer_pauses (peer, reason, paused_at, paused_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        peer,
        command.reason,
        tx.now,
        tx.actor.sub,
    )
    if tag != "INSERT 0 1":
        raise AlreadyPaused()
    return await _peer(peer, tx)


async def resume_peer(peer: str, tx: Tx) -> None:
    """Send again, beginning now. Raises NotPaused."""
    if await tx.execute("DELETE FROM peer_pauses WHERE peer = $1", peer) != "DELETE 1":
        raise NotPaused()
    await tx.execute(
        "UPDATE messages_out SET next_attempt_at = $2, tried_since = $2"
        " WHERE to_node = $1 AND state = 'queued'",
        peer,
        tx.now,
    )


async def retry_message(message_id: str, tx: Tx) -> QueuedMessageView:
    """Send it now: one that waits, or one that had failed or been given up. Its days to try begin
    anew. Raises MessageNotFound, NotInThisState, also where its content was erased."""
    message = await require_message(message_id, tx)
    if message.state not in (Delivery.QUEUED, *_ENDED) or message.content_sealed is None:
        raise NotInThisState()
    return await _decided(message, Delivery.QUEUED, None, tx)


async def give_up_message(command: GiveUpMessage, message_id: str, tx: Tx) -> QueuedMessageView:
    """Try no more. Later messages about the same matter go on without it. Raises MessageNotFound,
    NotInThisState."""
    message = await require_message(message_id, tx)
    if message.state not in (*_WAITING, Delivery.FAILED):
        raise NotInThisState()
    return await _decided(message, Delivery.GIVEN_UP, command.reason, tx)


async def divert_message(command: DivertMessage, message_id: str, tx: Tx) -> QueuedMessageView:
    """Send what a notice says to another participant, as a message of its own; this one ends. An
    inquiry has its own way (forward). Raises MessageNotFound, NotInThisState, NotDivertible,
    NoParticipant."""
    message = await require_message(message_id, tx)
    if message.state not in (Delivery.QUEUED, *_ENDED) or message.content_sealed is None:
        raise NotInThisState()
    if not is_notice(message.kind) or command.to_node == message.to_node:
        raise NotDivertible()
    peer = await find_active(command.to_node, tx)
    if peer is None:
        raise NoParticipant()
    content = json.loads(tx.vault.open(message.content_sealed, content_place(message.message_id)))
    record = content["message"]["notify_event"][0]["data"]["reg_records"]
    await readdress(message.subject_id, peer, tx)
    sent = await queue_message(
        peer.id, message.kind, message.subject_id, record, tx, region=message.region
    )
    message.diverted_to = sent.message_id
    return await _decided(message, Delivery.DIVERTED, command.reason, tx)


async def _decided(
    message: MessageOut, state: Delivery, reason: str | None, tx: Tx
) -> QueuedMessageView:
    message.state, message.next_attempt_at = state, tx.now
    message.decided_by, message.decision_reason = tx.actor.sub, reason
    await tx.execute(
        "UPDATE messages_out SET state = $2, next_attempt_at = $3, tried_since = $3,"
        " decided_by = $4, decision_reason = $5, diverted_to = $6 WHERE message_id = $1",
        message.message_id,
        state,
        tx.now,
        tx.actor.sub,
        reason,
        message.diverted_to,
    )
    return message_view(message)


async def _peer(peer: str, tx: Tx) -> PeerQueueView:
    for each in await list_peers(tx):
        if each.peer == peer:
            return each
    raise NotFound()
