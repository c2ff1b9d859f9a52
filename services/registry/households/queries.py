"""Reading households."""

from uuid import UUID

from services.registry.households.models import Household
from services.registry.households.schemas import HouseholdView, MemberView
from shared.codes import FamilyRelation
from shared.db import Tx


async def get_household(household_id: UUID, tx: Tx) -> HouseholdView:
    """A household with the members the actor may see; each leaves a usage entry. Raises
    NotFound."""
    household = await tx.require(Household, household_id)
    rows = await tx.fetch(
        "SELECT id AS person_id, name, household_relation AS relation FROM persons"
        " WHERE household_id = $1 AND status = 'active' ORDER BY household_relation, id",
        household.id,
    )
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
