"""Looking at the queue. Nothing here opens what a message says."""

from collections.abc import Sequence

from services.exchange.errors import MessageNotFound
from services.exchange.messages.models import Delivery, MessageOut, Refusal
from services.exchange.queue.schemas import PeerQueueView, QueuedMessageView, RefusalView
from shared.db import Tx
from shared.pages import Page, encode_cursor, number_in

_PEERS = """
WITH waiting AS (
  SELECT to_node AS peer,
         count(*) FILTER (WHERE state = 'queued') AS queued,
         count(*) FILTER (WHERE state = 'sending') AS sending,
         count(*) FILTER (WHERE state = 'failed') AS failed,
         count(*) FILTER (WHERE state = 'given-up') AS given_up,
         min(created_at) FILTER (WHERE state IN ('queued', 'sending')) AS oldest_waiting,
         min(next_attempt_at) FILTER (WHERE state IN ('queued', 'sending')) AS next_attempt_at,
         (array_agg(last_error ORDER BY sequence DESC) FILTER (WHERE last_error IS NOT NULL))[1]
           AS last_error
  FROM messages_out WHERE state IN ('queued', 'sending', 'failed', 'given-up') GROUP BY to_node
)
SELECT peer, coalesce(queued, 0) AS queued, coalesce(sending, 0) AS sending,
       coalesce(failed, 0) AS failed, coalesce(given_up, 0) AS given_up, oldest_waiting,
       next_attempt_at, last_error,
       (SELECT delivered_at FROM messages_out WHERE to_node = peer AND state = 'delivered'
        ORDER BY sequence DESC LIMIT 1) AS last_delivered_at,
       reason AS paused_reason, paused_at
FROM waiting FULL JOIN peer_pauses USING (peer) ORDER BY peer
"""
_MESSAGES = """
SELECT * FROM messages_out
WHERE ($1::text IS NULL OR to_node = $1) AND ($2::text IS NULL OR state = $2)
  AND ($3::bigint IS NULL OR sequence < $3)
ORDER BY sequence DESC LIMIT $4
"""
_REFUSALS = """
SELECT * FROM refusals WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""


async def list_peers(tx: Tx) -> Sequence[PeerQueueView]:
    """Each peer for which something waits, has failed, or that is paused."""
    return [PeerQueueView(**row) for row in await tx.fetch(_PEERS)]


async def list_messages(
    peer: str | None, state: Delivery | None, limit: int, cursor: str | None, tx: Tx
) -> Page[QueuedMessageView]:
    """Newest first."""
    rows = await tx.find(MessageOut, _MESSAGES, peer, state, number_in(cursor), limit + 1)
    more = encode_cursor(rows[limit - 1].sequence or 0) if len(rows) > limit else None
    return Page(items=[message_view(row) for row in rows[:limit]], next=more)


async def list_refusals(limit: int, cursor: str | None, tx: Tx) -> Page[RefusalView]:
    """Newest first."""
    rows = await tx.find(Refusal, _REFUSALS, number_in(cursor), limit + 1)
    more = encode_cursor(rows[limit - 1].id or 0) if len(rows) > limit else None
    return Page(items=[RefusalView(**row.model_dump()) for row in rows[:limit]], next=more)


async def require_message(message_id: str, tx: Tx) -> MessageOut:
    """The message, locked. Raises MessageNotFound."""
    message = await tx.get(MessageOut, message_id, lock=True)
    if message is None:
        raise MessageNotFound()
    return message


def message_view(message: MessageOut) -> QueuedMessageView:
    return QueuedMessageView(**message.model_dump(include=set(QueuedMessageView.model_fields)))
