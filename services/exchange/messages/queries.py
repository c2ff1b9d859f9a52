"""How far messages about a notice or inquiry got."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.messages.models import Delivery
from services.exchange.messages.schemas import TrafficView
from shared.db import Tx


async def delivery_of(subjects: Sequence[UUID], tx: Tx) -> dict[UUID, Delivery]:
    """The state of the newest message about each subject that has one."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (subject_id) subject_id, state FROM messages_out"
        " WHERE subject_id = ANY($1::uuid[]) ORDER BY subject_id, sequence DESC",
        list(subjects),
    )
    return {row["subject_id"]: Delivery(row["state"]) for row in rows}


_TRAFFIC = """
SELECT (SELECT count(*) FROM messages_out) AS sent,
       (SELECT count(*) FROM messages_out WHERE state = 'delivered') AS receipted,
       (SELECT count(*) FROM messages_out WHERE state IN ('failed', 'given-up')) AS failed,
       (SELECT count(*) FROM messages_in) AS applied,
       (SELECT count(*) FROM refusals)
         + (SELECT coalesce(sum(count), 0)::bigint FROM refusals_uncounted) AS refused
"""


async def get_traffic(tx: Tx) -> TrafficView:
    """How many messages went and came, whatever they say. A message is kept in the transaction
    that applies it, so what is kept has been applied."""
    row = await tx.fetch_row(_TRAFFIC)
    return TrafficView(**row) if row else TrafficView()
