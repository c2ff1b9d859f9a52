"""Whether somebody is family: a person may report a death in it, and see that it is registered."""

from uuid import UUID

from services.registry.vital.unions import all_ids, registrations_of
from shared.db import Tx

_KIN = """
SELECT EXISTS (
    SELECT FROM persons AS one JOIN persons AS other ON one.household_id = other.household_id
    WHERE one.id = $1 AND other.id = $2
) OR EXISTS (
    SELECT FROM births WHERE annulled_at IS NULL
      AND ((child_id = $1 AND $2 IN (mother_id, father_id))
        OR (child_id = $2 AND $1 IN (mother_id, father_id)))
)
"""


async def is_kin(person_id: UUID, other_id: UUID, tx: Tx) -> bool:
    """Of one household, parent and child, or named in a marriage together."""
    if person_id == other_id or await tx.fetch_value(_KIN, person_id, other_id):
        return person_id != other_id
    ids = set(await all_ids(other_id, tx))
    return any(
        each.person_id in ids
        for _, spouses in await registrations_of(person_id, tx)
        for each in spouses
    )
