"""HTTP door of the queue, for operators of this node."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.exchange.auth import CanAdminister
from services.exchange.messages.models import Delivery
from services.exchange.queue import handlers, queries
from services.exchange.queue.schemas import (
    DivertMessage,
    GiveUpMessage,
    PausePeer,
    PeerQueueView,
    QueuedMessageView,
    RefusalView,
)
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["queue"], route_class=Route)


@router.get("/queue", summary="What waits for each peer")
async def list_peers(actor: CanAdminister, tx: Transaction) -> Sequence[PeerQueueView]:
    return await queries.list_peers(tx)


@router.get("/queue/messages", summary="Messages on their way out")
async def list_messages(
    actor: CanAdminister,
    tx: Transaction,
    peer: str | None = None,
    state: Delivery | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[QueuedMessageView]:
    return await queries.list_messages(peer, state, limit, cursor, tx)


@router.post("/queue/messages/{message_id}/retry", summary="Send a message now")
async def retry_message(
    message_id: str, actor: CanAdminister, tx: Transaction
) -> QueuedMessageView:
    return await handlers.retry_message(message_id, tx)


@router.post("/queue/messages/{message_id}/giving-up", summary="Try a message no more")
async def give_up_message(
    message_id: str, command: GiveUpMessage, actor: CanAdminister, tx: Transaction
) -> QueuedMessageView:
    return await handlers.give_up_message(command, message_id, tx)


@router.post("/queue/messages/{message_id}/diversion", summary="Send a notice to another peer")
async def divert_message(
    message_id: str, command: DivertMessage, actor: CanAdminister, tx: Transaction
) -> QueuedMessageView:
    return await handlers.divert_message(command, message_id, tx)


@router.post("/queue/peers/{peer}/pause", summary="Send nothing to a peer for now")
async def pause_peer(
    peer: str, command: PausePeer, actor: CanAdminister, tx: Transaction
) -> PeerQueueView:
    return await handlers.pause_peer(command, peer, tx)


@router.post("/queue/peers/{peer}/resumption", status_code=204, summary="Send to a peer again")
async def resume_peer(peer: str, actor: CanAdminister, tx: Transaction) -> None:
    await handlers.resume_peer(peer, tx)


@router.get("/refusals", summary="Messages of peers that were refused, and why")
async def list_refusals(
    actor: CanAdminister, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[RefusalView]:
    return await queries.list_refusals(limit, cursor, tx)
