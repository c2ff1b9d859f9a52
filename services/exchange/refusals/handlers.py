"""Putting refusals on record.

A refusal is kept at once and enters the log within half a minute, with all others of that time
behind one leaf: the log is held once for them, however many there are, so forgeries neither fill it
nor keep honest messages waiting for it.
"""

from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.messages.models import Refusal
from services.exchange.participants.node import our_node
from services.exchange.refusals.queries import hashed_fields
from services.exchange.refusals.rules import BATCH, KEPT, batch_root, refusal_hash
from shared.db import Tx

_UNLOGGED = """
SELECT * FROM refusals WHERE leaf_index IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_OLD = """
DELETE FROM refusals WHERE leaf_index < (SELECT max(leaf_index) FROM refusals WHERE at < $1)
"""


async def log_refusals(tx: Tx) -> int:
    """Put what was refused lately on record, behind one leaf; returns how many. Replicas that come
    at once have a batch each."""
    batch = await tx.find(Refusal, _UNLOGGED, BATCH)
    if not batch:
        return 0
    node, numbers = await our_node(tx), [each.id for each in batch]
    root = batch_root([refusal_hash(hashed_fields(each)) for each in batch])
    entry = Entry(Direction.REFUSED, f"refusals-{numbers[0]}-{numbers[-1]}", node.id, root)
    leaf_index = await append_leaf(entry, tx, node)
    await tx.execute(
        "UPDATE refusals SET leaf_index = $1 WHERE id = ANY($2::bigint[])", leaf_index, numbers
    )
    return len(batch)


async def forget_old(tx: Tx) -> None:
    """Delete whole batches of long ago; their leaves stay."""
    await tx.execute(_OLD, tx.now - KEPT)
