"""Reading households, now and on an earlier day."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.registry.dwellings.queries import past_day
from services.registry.households.models import Household
from services.registry.households.schemas import HouseholdView, MemberView, MoveView
from shared.codes import FamilyRelation
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

_NOW = """
SELECT id AS person_id, name, household_relation AS relation FROM persons
WHERE household_id = $1 AND status = 'active' ORDER BY household_relation, id
"""
# On a day somebody was where the first move after it started from, or else where she is now; a
# move on the day itself has happened. Born by then, and not dead before it.
_ON_A_DAY = """
SELECT p.id AS person_id, p.name,
       CASE WHEN m.id IS NULL THEN p.household_relation ELSE m.from_relation END AS relation
FROM persons AS p
LEFT JOIN LATERAL (
    SELECT id, from_household, from_relation FROM household_moves
    WHERE person_id = p.id AND moved_on > $2 ORDER BY moved_on, id LIMIT 1
) AS m ON true
WHERE (p.household_id = $1
       OR p.id IN (SELECT person_id FROM household_moves WHERE from_household = $1))
  AND CASE WHEN m.id IS NULL THEN p.household_id ELSE m.from_household END = $1
  AND p.status IN ('active', 'deceased') AND p.birth_date <= $2
  AND NOT EXISTS (SELECT FROM deaths AS d WHERE d.person_id = p.id AND d.annulled_at IS NULL
                  AND d.died_on <= $2)
ORDER BY relation, p.id
"""
_HISTORY = """
SELECT id, change_id, person_id, from_household, from_relation, to_household, to_relation,
       moved_on, cause, reason
FROM household_moves
WHERE (from_household = $1 OR to_household = $1) AND id > $2 ORDER BY id LIMIT $3
"""


async def get_household(household_id: UUID, tx: Tx, on: date | None = None) -> HouseholdView:
    """A household with the members the actor may see, now or on a day; each leaves a usage entry.
    Raises NotFound, MalformedRequest for a day to come."""
    household = await tx.require(Household, household_id)
    rows = (
        await tx.fetch(_NOW, household.id)
        if on is None or on == tx.today
        else await tx.fetch(_ON_A_DAY, household.id, past_day(on, tx))
    )
    return _view_of(household, rows, tx)


def _view_of(household: Household, rows: Sequence[asyncpg.Record], tx: Tx) -> HouseholdView:
    for row in rows:
        tx.saw(row["person_id"], "household")
    members = [MemberView(**row) for row in rows]
    heads = [each.person_id for each in members if each.relation is FamilyRelation.HEAD]
    return HouseholdView(
        id=household.id,
        version=household.version,
        region=household.region,
        number=household.number,
        head=heads[0] if heads else None,
        members=members,
    )


async def list_moves(household_id: UUID, limit: int, cursor: str | None, tx: Tx) -> Page[MoveView]:
    """What changed in a household, in the order it was recorded; everybody named leaves a usage
    entry. Raises NotFound."""
    await tx.require(Household, household_id)
    rows = await tx.fetch(_HISTORY, household_id, id_in(cursor) or BEFORE_ALL, limit + 1)
    for row in rows[:limit]:
        tx.saw(row["person_id"], "household")
    return Page(
        items=[MoveView(**row) for row in rows[:limit]],
        next=encode_cursor(str(rows[limit - 1]["id"])) if len(rows) > limit else None,
    )
