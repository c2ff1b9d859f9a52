"""How far messages about a notice or inquiry got."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.messages.models import Delivery
from shared.db import Tx


async def delivery_of(subjects: Sequence[UUID], tx: Tx) -> dict[UUID, Delivery]:
    """The state of the newest message about each subject that has one."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (subject_id) subject_id, state FROM messages_out"
        " WHERE subject_id = ANY($1::uuid[]) ORDER BY subject_id, sequence DESC",
        list(subjects),
    )
    return {row["subject_id"]: Delivery(row["state"]) for row in rows}
