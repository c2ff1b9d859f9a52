"""What every change of a household is made of: its people, locked, and one move for each of them
whose place changes. A household that stays open has one head when the change is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.registry.errors import (
    HouseholdClosed,
    LaterChange,
    NeedsHead,
    NotInHousehold,
    PersonNotFound,
    RecordClosed,
    RelationsNeeded,
    SecondHead,
)
from services.registry.households.models import Household, HouseholdMove, MoveCause
from services.registry.households.rules import SplitReason, has_one_head, restated
from services.registry.persons.handlers import keep_version
from services.registry.persons.models import Person, PersonStatus
from services.registry.tasks.models import TaskKind, TaskOutcome
from shared.codes import FamilyRelation, Sex
from shared.db import Tx
from shared.events.registry import PersonCorrected
from shared.ids import new_id

FIELDS = ["household_id", "household_relation"]
WORDS = {
    MoveCause.FORMED: "立户 / household formed",
    MoveCause.SPLIT: "分户 / household split",
    MoveCause.JOINED: "并户 / households joined",
    MoveCause.ENTERED: "入户 / entered a household",
    MoveCause.LEFT: "离户 / left a household",
    MoveCause.HEAD_CHANGED: "变更户主 / head changed",
    MoveCause.DIED: "户主死亡 / head died",
}


@dataclass(frozen=True)
class Change:
    """One change of households on a day; its moves share the id."""

    on: date
    cause: MoveCause
    reason: SplitReason | None = None
    id: UUID = field(default_factory=new_id)


async def open_household(household_id: UUID, tx: Tx) -> Household:
    """Locked. Raises NotFound, HouseholdClosed."""
    household = await tx.require(Household, household_id, lock=True)
    if household.closed_at is not None:
        raise HouseholdClosed()
    return household


async def lock_people(ids: Iterable[UUID], tx: Tx) -> dict[UUID, Person]:
    """In id order, so that two desks never wait for each other. Raises PersonNotFound,
    RecordClosed."""
    wanted = set(ids)
    people = await tx.find(
        Person, "SELECT * FROM persons WHERE id = ANY($1) ORDER BY id FOR UPDATE", sorted(wanted)
    )
    if len(people) < len(wanted):
        raise PersonNotFound()
    if any(person.status != PersonStatus.ACTIVE for person in people):
        raise RecordClosed()
    return {person.id: person for person in people}


async def lock_members(household_id: UUID, tx: Tx) -> dict[UUID, Person]:
    """The living members of a household."""
    people = await tx.find(
        Person,
        "SELECT * FROM persons WHERE household_id = $1 AND status = 'active'"
        " ORDER BY id FOR UPDATE",
        household_id,
    )
    return {person.id: person for person in people}


def require_members(ids: Iterable[UUID], members: Mapping[UUID, Person]) -> None:
    """Raises NotInHousehold."""
    strangers = [str(each) for each in ids if each not in members]
    if strangers:
        raise NotInHousehold(person_ids=strangers)


def relation_of(person: Person) -> FamilyRelation | None:
    relation = person.household_relation
    return FamilyRelation(relation) if relation is not None else None


def head_of(members: Mapping[UUID, Person]) -> UUID | None:
    heads = (id_ for id_, each in members.items() if relation_of(each) is FamilyRelation.HEAD)
    return next(heads, None)


def relations_under(
    head: UUID | None,
    staying: Mapping[UUID, Person],
    said: Mapping[UUID, FamilyRelation],
) -> dict[UUID, FamilyRelation]:
    """How who stays is related to the new head, as the clerk says or as it follows from before.
    Raises NeedsHead when nobody is named to head them, NotInHousehold, RelationsNeeded."""
    if head is None:
        raise NeedsHead()
    require_members([head, *said], staying)
    was = relation_of(staying[head])
    relations = {head: FamilyRelation.HEAD}
    unknown = []
    for id_, person in staying.items():
        if id_ == head:
            continue
        told = said.get(id_) or restated(was, relation_of(person), Sex(person.sex))
        if told is None:
            unknown.append(str(id_))
        else:
            relations[id_] = told
    if unknown:
        raise RelationsNeeded(person_ids=unknown)
    return relations


async def place(
    person: Person,
    household_id: UUID | None,
    relation: FamilyRelation | None,
    change: Change,
    tx: Tx,
) -> None:
    """Put somebody in a household, or in none, and keep where she was. Raises LaterChange when
    her place is known to have changed after that day."""
    if (person.household_id, relation_of(person)) == (household_id, relation):
        return
    later = await tx.fetch_value(
        "SELECT max(moved_on) FROM household_moves WHERE person_id = $1", person.id
    )
    if later is not None and later > change.on:
        raise LaterChange(since=later.isoformat())
    await tx.add(
        HouseholdMove(
            id=new_id(),
            change_id=change.id,
            person_id=person.id,
            from_household=person.household_id,
            from_relation=person.household_relation,
            to_household=household_id,
            to_relation=relation,
            moved_on=change.on,
            cause=change.cause,
            reason=change.reason,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )
    await keep_version(person, FIELDS, WORDS[change.cause], tx, changed_on=change.on)
    person.household_id = household_id
    person.household_relation = relation.value if relation is not None else None
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=FIELDS))


async def place_all(
    people: Mapping[UUID, Person],
    household_id: UUID,
    relations: Mapping[UUID, FamilyRelation],
    change: Change,
    tx: Tx,
) -> None:
    """Raises LaterChange."""
    for id_, relation in relations.items():
        await place(people[id_], household_id, relation, change, tx)


async def touch(household: Household, tx: Tx, *, closed: bool = False) -> None:
    """Its members changed: a new version, closed when nobody is left, and otherwise with one head:
    no change ends without. Raises NeedsHead, SecondHead."""
    if closed:
        household.closed_at = tx.now
    else:
        members = await lock_members(household.id, tx)
        relations = [relation_of(each) for each in members.values()]
        if not has_one_head(relations):
            raise SecondHead() if FamilyRelation.HEAD in relations else NeedsHead()
    await tx.save(household)


async def retire_dead_head(household: Household, on: date, tx: Tx) -> None:
    """A head who died leaves the household when somebody else heads it: should the death be taken
    back, there are not two. She is in it until that day, as far as the dead are."""
    dead = await tx.find(
        Person,
        "SELECT * FROM persons WHERE household_id = $1 AND status = 'deceased'"
        " AND household_relation = '0' ORDER BY id FOR UPDATE",
        household.id,
    )
    for person in dead:
        await place(person, None, None, Change(on, MoveCause.DIED), tx)


async def settle_headless(household_id: UUID, tx: Tx) -> None:
    """The household has a head again, or is no more: nobody need look."""
    await tx.execute(
        "UPDATE tasks SET outcome = $2, settled_at = $3, settled_by = $4"
        " WHERE household_id = $1 AND kind = $5 AND settled_at IS NULL",
        household_id,
        TaskOutcome.UPDATED,
        tx.now,
        tx.actor.sub,
        TaskKind.HEADLESS,
    )
