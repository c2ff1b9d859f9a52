"""Forming, splitting and joining households."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.registry.errors import NeedsHead, NotInHousehold, OneHousehold, RelationsNeeded
from services.registry.households.models import Household, MoveCause
from services.registry.households.moving import (
    Change,
    head_of,
    lock_members,
    lock_people,
    open_household,
    place_all,
    relations_under,
    require_members,
    retire_dead_head,
    settle_headless,
    touch,
)
from services.registry.households.queries import get_household
from services.registry.households.rules import leaves_others_without_head
from services.registry.households.schemas import (
    FormHousehold,
    HouseholdView,
    JoinHouseholds,
    MemberInput,
    SplitHousehold,
    SplitView,
)
from services.registry.persons.models import Person
from services.registry.regions.queries import require_region
from shared.codes import FamilyRelation
from shared.db import Tx
from shared.events.registry import HouseholdsJoined, HouseholdsSplit
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def form_household(command: FormHousehold, tx: Tx) -> HouseholdView:
    """Form a household; its members leave the ones they were in. Raises OutsideJurisdiction,
    UnknownRegion, PersonNotFound, RecordClosed, OneHousehold, LaterChange."""
    relations = _relations(command.head, command.members)
    await _require_place(command.region, tx)
    people = await lock_people(relations, tx)
    left = {person.household_id for person in people.values() if person.household_id}
    members = {each: await lock_members(each, tx) for each in sorted(left)}
    if leaves_others_without_head(relations.keys(), _as_relations(members)):
        raise OneHousehold()
    household = _new_household(command.region, command.number, tx)
    await tx.add(household)
    change = Change(command.on or tx.today, MoveCause.FORMED)
    await place_all(people, household.id, relations, change, tx)
    for household_id, inside in members.items():
        old = await tx.require(Household, household_id, lock=True)
        await touch(old, tx, closed=inside.keys() <= relations.keys())
    return await get_household(household.id, tx)


async def split_household(command: SplitHousehold, household_id: UUID, tx: Tx) -> SplitView:
    """Raises NotFound, HouseholdClosed, NotInHousehold, NeedsHead when the head leaves and no
    successor is named, RelationsNeeded, LaterChange, OutsideJurisdiction, UnknownRegion."""
    household = await open_household(household_id, tx)
    region = command.region or household.region
    await _require_place(region, tx)
    members = await lock_members(household.id, tx)
    founding = _relations(command.head, command.members)
    require_members(founding, members)
    staying = {id_: each for id_, each in members.items() if id_ not in founding}
    if not staying:
        raise NotInHousehold(person_ids=[])  # everybody left: that is no split
    change = Change(command.on, MoveCause.SPLIT, command.reason)
    founded = _new_household(region, command.number, tx)
    await tx.add(founded)
    if command.successor is not None or head_of(staying) is None:
        said = {each.person_id: each.relation for each in command.staying}
        relations = relations_under(command.successor, staying, said)
        await place_all(staying, household.id, relations, change, tx)
        await retire_dead_head(household, change.on, tx)
    await place_all(members, founded.id, founding, change, tx)
    await touch(household, tx)
    await settle_headless(household.id, tx)
    tx.emit(
        HouseholdsSplit(
            household_id=household.id,
            new_household_id=founded.id,
            region=region,
            split_on=command.on,
        )
    )
    return SplitView(
        id=founded.id,
        household=await get_household(household.id, tx),
        founded=await get_household(founded.id, tx),
    )


async def join_households(command: JoinHouseholds, household_id: UUID, tx: Tx) -> HouseholdView:
    """Raises NotFound, HouseholdClosed, NotInHousehold for somebody who is not in the other one
    (or for a household joined to itself), RelationsNeeded, NeedsHead, LaterChange."""
    first, second = sorted((household_id, command.household_id))  # no two desks wait in a ring
    both = {each: await open_household(each, tx) for each in (first, second)}
    if command.household_id == household_id:
        raise NotInHousehold(person_ids=[])
    kept, joined = both[household_id], both[command.household_id]
    members = await lock_members(joined.id, tx)
    staying = await lock_members(kept.id, tx)
    relations = {each.person_id: each.relation for each in command.members}
    require_members(relations, members)
    if head_of(staying) is None:
        raise NeedsHead()
    unknown = [str(each) for each in members if each not in relations]
    if unknown:
        raise RelationsNeeded(person_ids=unknown)
    await place_all(members, kept.id, relations, Change(command.on, MoveCause.JOINED), tx)
    await touch(kept, tx)
    await touch(joined, tx, closed=True)
    await settle_headless(joined.id, tx)
    tx.emit(
        HouseholdsJoined(
            household_id=kept.id,
            joined_household_id=joined.id,
            region=kept.region,
            joined_on=command.on,
        )
    )
    return await get_household(kept.id, tx)


def _relations(head: UUID, members: Sequence[MemberInput]) -> dict[UUID, FamilyRelation]:
    return {head: FamilyRelation.HEAD} | {each.person_id: each.relation for each in members}


def _as_relations(
    households: Mapping[UUID, Mapping[UUID, Person]],
) -> dict[UUID, dict[UUID, str]]:
    return {
        household: {id_: each.household_relation or "" for id_, each in members.items()}
        for household, members in households.items()
    }


async def _require_place(region: str, tx: Tx) -> None:
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    await require_region(region, tx)


def _new_household(region: str, number: str | None, tx: Tx) -> Household:
    return Household(
        id=new_id(),
        region=region,
        county=region[:6],
        number=number,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
