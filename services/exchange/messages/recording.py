"""Putting promised messages on record, before they leave: the log is held once for all of them, and
not by the desks that promise them."""

from services.exchange.evidence.handlers import Entry, append_leaves
from services.exchange.evidence.models import Direction
from shared.db import Tx

AT_ONCE = 500

_PROMISED = """
SELECT message_id, to_node, payload_hash FROM messages_out
WHERE leaf_index IS NULL ORDER BY sequence LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_LOGGED = """
UPDATE messages_out AS message SET leaf_index = logged.leaf_index
FROM unnest($1::text[], $2::bigint[]) AS logged (message_id, leaf_index)
WHERE message.message_id = logged.message_id
"""


async def log_promised(tx: Tx) -> int:
    """A leaf for each message that has none, in the order they were promised; returns how many.
    Replicas that come at once have a portion each."""
    rows = await tx.fetch(_PROMISED, AT_ONCE)
    if rows:
        entries = [
            Entry(Direction.SENT, row["message_id"], row["to_node"], row["payload_hash"])
            for row in rows
        ]
        log = await append_leaves(entries, tx)
        await tx.execute(_LOGGED, [each.message_id for each in entries], list(log.leaves))
    return len(rows)
