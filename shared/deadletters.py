"""Dead letters (死信): look at them, replay them, or give them up with a reason."""

from datetime import UTC, datetime

import asyncpg

from shared.bus import Received
from shared.connections import Connection
from shared.consumer import ConsumerLoop

_LIST = """
SELECT id, consumer, topic, partition, "offset", event_id, event_type, key, reason, attempts,
       failed_at, settled_at, settled_as
FROM dead_letters WHERE settled_at IS NULL OR $1 ORDER BY id
"""


async def list_dead_letters(
    connection: Connection, *, settled: bool = False
) -> list[asyncpg.Record]:
    """Unsettled letters, oldest first (all with `settled`); payloads are not shown."""
    return await connection.fetch(_LIST, settled)


async def replay(connection: Connection, loop: ConsumerLoop, letter_id: int) -> bool:
    """Deliver a letter again through the ordinary door. True when it is applied now; False when
    it is not there or failed again (the newest reason then replaces the old one)."""
    letter = await connection.fetchrow(
        "SELECT * FROM dead_letters WHERE id = $1 AND settled_at IS NULL", letter_id
    )
    if letter is None:
        return False
    applied = await loop.deliver(
        Received(
            letter["topic"],
            letter["partition"],
            letter["offset"],
            letter["key"],
            letter["payload"],
        )
    )
    return applied and await _settle(connection, letter_id, "replayed")


async def give_up(connection: Connection, letter_id: int, reason: str) -> bool:
    """Settle a letter without applying it. True when it was unsettled."""
    return await _settle(connection, letter_id, f"given up: {reason}")


async def _settle(connection: Connection, letter_id: int, outcome: str) -> bool:
    tag = await connection.execute(
        "UPDATE dead_letters SET settled_at = $2, settled_as = $3"
        " WHERE id = $1 AND settled_at IS NULL",
        letter_id,
        datetime.now(UTC),
        outcome,
    )
    return tag == "UPDATE 1"
