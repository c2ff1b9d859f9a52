"""Entering and leaving a household, changing its head, and closing one nobody is left in."""

from uuid import UUID

from services.registry.errors import (
    HouseholdNotEmpty,
    InAnotherHousehold,
    NeedsHead,
)
from services.registry.households.models import MoveCause
from services.registry.households.moving import (
    Change,
    head_of,
    lock_members,
    lock_people,
    open_household,
    place,
    place_all,
    relations_under,
    require_members,
    retire_dead_head,
    settle_headless,
    touch,
)
from services.registry.households.queries import get_household
from services.registry.households.schemas import (
    ChangeHead,
    EnterHousehold,
    HouseholdView,
    LeaveHousehold,
)
from shared.db import Tx


async def enter_household(command: EnterHousehold, household_id: UUID, tx: Tx) -> HouseholdView:
    """Raises NotFound, HouseholdClosed, PersonNotFound, RecordClosed, InAnotherHousehold (leave
    that one first, or join the two), NeedsHead, LaterChange."""
    household = await open_household(household_id, tx)
    members = await lock_members(household.id, tx)
    if head_of(members) is None:
        raise NeedsHead()
    person = (await lock_people([command.person_id], tx))[command.person_id]
    if person.household_id is not None:
        raise InAnotherHousehold()
    await place(person, household.id, command.relation, Change(command.on, MoveCause.ENTERED), tx)
    await touch(household, tx)
    return await get_household(household.id, tx)


async def leave_household(command: LeaveHousehold, household_id: UUID, tx: Tx) -> HouseholdView:
    """Raises NotFound, HouseholdClosed, NotInHousehold, NeedsHead when the head leaves others
    behind, RelationsNeeded, LaterChange."""
    household = await open_household(household_id, tx)
    members = await lock_members(household.id, tx)
    require_members([command.person_id], members)
    leaving = members[command.person_id]
    staying = {id_: each for id_, each in members.items() if id_ != leaving.id}
    if staying and (command.successor is not None or head_of(staying) is None):
        said = {each.person_id: each.relation for each in command.staying}
        relations = relations_under(command.successor, staying, said)
        change = Change(command.on, MoveCause.HEAD_CHANGED)
        await place_all(staying, household.id, relations, change, tx)
        await retire_dead_head(household, command.on, tx)
    await place(leaving, None, None, Change(command.on, MoveCause.LEFT), tx)
    await touch(household, tx, closed=not staying)
    await settle_headless(household.id, tx)
    return await get_household(household.id, tx)


async def change_head(command: ChangeHead, household_id: UUID, tx: Tx) -> HouseholdView:
    """Raises NotFound, HouseholdClosed, NotInHousehold, RelationsNeeded, LaterChange."""
    household = await open_household(household_id, tx)
    members = await lock_members(household.id, tx)
    said = {each.person_id: each.relation for each in command.members}
    relations = relations_under(command.head, members, said)
    change = Change(command.on, MoveCause.HEAD_CHANGED)
    await place_all(members, household.id, relations, change, tx)
    await retire_dead_head(household, command.on, tx)
    await touch(household, tx)
    await settle_headless(household.id, tx)
    return await get_household(household.id, tx)


async def close_household(household_id: UUID, tx: Tx) -> HouseholdView:
    """For one that no living member is left in (注销空户). Raises NotFound, HouseholdClosed,
    HouseholdNotEmpty."""
    household = await open_household(household_id, tx)
    if await lock_members(household.id, tx):
        raise HouseholdNotEmpty()
    await touch(household, tx, closed=True)
    await settle_headless(household.id, tx)
    return await get_household(household.id, tx)
