"""Writing households."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.registry.errors import OneHousehold, PersonNotFound, RecordClosed
from services.registry.households.models import Household
from services.registry.households.queries import get_household
from services.registry.households.rules import leaves_others_without_head
from services.registry.households.schemas import FormHousehold, HouseholdView
from services.registry.persons.handlers import keep_version
from services.registry.persons.models import Person, PersonStatus
from services.registry.regions.queries import require_region
from shared.codes import FamilyRelation
from shared.db import Tx
from shared.events.registry import PersonCorrected
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_FIELDS = ["household_id", "household_relation"]


async def form_household(command: FormHousehold, tx: Tx) -> HouseholdView:
    """Form a household; its members leave the ones they were in. Raises OutsideJurisdiction,
    UnknownRegion, PersonNotFound, RecordClosed, OneHousehold."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    relations = {command.head: FamilyRelation.HEAD} | {
        member.person_id: member.relation for member in command.members
    }
    people = await _lock_people(relations, tx)
    left = {person.household_id for person in people if person.household_id}
    members = await _members_of(left, tx)
    if leaves_others_without_head(relations.keys(), members):
        raise OneHousehold()
    household = Household(
        id=new_id(),
        region=command.region,
        county=command.region[:6],
        number=command.number,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    await tx.add(household)
    for person in people:
        await _join(person, household.id, relations[person.id], tx)
    await _close((id_ for id_, inside in members.items() if inside.keys() <= relations.keys()), tx)
    return await get_household(household.id, tx)


async def _lock_people(ids: Iterable[UUID], tx: Tx) -> list[Person]:
    """In id order, so that two desks never wait for each other."""
    people = await tx.find(
        Person, "SELECT * FROM persons WHERE id = ANY($1) ORDER BY id FOR UPDATE", sorted(ids)
    )
    if len(people) < len(set(ids)):
        raise PersonNotFound()
    if any(person.status != PersonStatus.ACTIVE for person in people):
        raise RecordClosed()
    return people


async def _members_of(households: Iterable[UUID], tx: Tx) -> Mapping[UUID, Mapping[UUID, str]]:
    rows = await tx.fetch(
        "SELECT id, household_id, household_relation FROM persons"
        " WHERE household_id = ANY($1) AND status = 'active' ORDER BY id FOR UPDATE",
        sorted(households),
    )
    members: dict[UUID, dict[UUID, str]] = {}
    for row in rows:
        inside = members.setdefault(row["household_id"], {})
        inside[row["id"]] = row["household_relation"]
    return members


async def _join(person: Person, household_id: UUID, relation: FamilyRelation, tx: Tx) -> None:
    await keep_version(person, _FIELDS, "立户", tx)
    person.household_id, person.household_relation = household_id, relation.value
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=_FIELDS))


async def _close(households: Iterable[UUID], tx: Tx) -> None:
    await tx.execute(
        "UPDATE households SET closed_at = $2, version = version + 1 WHERE id = ANY($1)",
        list(households),
        tx.now,
    )
