"""The final state of texts, from what the receipts say of their parts."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.notify.messages.rules import Status, status_of
from shared.db import Tx
from shared.events.notify import MessageDelivered, MessageFailed

_LOCK = "SELECT id, status FROM messages WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_SETTLING = """
SELECT id, status, parts, provider FROM messages WHERE id = ANY($1::uuid[])
AND status IN ('submitted', 'unconfirmed', 'failed', 'delivered') AND submitted_at IS NOT NULL
"""
_COUNT = """
SELECT message_id, count(*) FILTER (WHERE state = 'delivered')::int AS delivered,
       count(*) FILTER (WHERE state = 'failed')::int AS failed, max(at) AS at,
       min(reason) FILTER (WHERE state = 'failed') AS reason
FROM message_parts WHERE message_id = ANY($1::uuid[]) AND state <> 'pending' GROUP BY message_id
"""
_WRITE = """
UPDATE messages AS m SET status = t.status, reason = t.reason,
       done_at = CASE WHEN t.status <> 'submitted' THEN $4::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, status, reason) WHERE m.id = t.id
"""


async def lock(message_ids: Iterable[UUID], tx: Tx) -> dict[UUID, str]:
    """Take some texts for this transaction; returns the status of each. Results and receipts of the
    same texts come at the same moment: both write the parts first, in order, then take the texts,
    and so never wait for each other in a circle."""
    return {row["id"]: row["status"] for row in await tx.fetch(_LOCK, list(message_ids))}


async def settle(message_ids: Sequence[UUID], tx: Tx) -> None:
    """Bring submitted texts, locked by the caller, to the state their parts make. The same parts
    in any order, once or often, end the same: a part that did arrive outweighs an earlier word
    that it failed, and what was said before the answer told how many parts there are is said
    anew."""
    found = {row["id"]: row for row in await tx.fetch(_SETTLING, list(message_ids))}
    if not found:
        return
    changes: list[tuple[UUID, str, str | None]] = []
    for row in await tx.fetch(_COUNT, list(found)):
        message = found[row["message_id"]]
        status = status_of(message["parts"], row["delivered"], row["failed"])
        if status == message["status"]:
            continue
        if status is Status.SUBMITTED:
            if message["status"] != Status.UNCONFIRMED:
                changes.append((message["id"], status, None))
        elif status is Status.DELIVERED:
            changes.append((message["id"], status, None))
            tx.emit(
                MessageDelivered(
                    message_id=message["id"],
                    provider=message["provider"],
                    delivered_at=row["at"] or tx.now,
                )
            )
        else:
            reason = row["reason"] or "undelivered"
            changes.append((message["id"], status, reason))
            tx.emit(MessageFailed(message_id=message["id"], reason=reason))
    if changes:
        await tx.execute(_WRITE, *map(list, zip(*changes, strict=True)), tx.now)
