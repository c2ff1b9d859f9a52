"""What deaths, and records made one, change in a household. Told by our own events, so that no
way of registering a death can forget it; each may come twice."""

from datetime import date
from uuid import UUID

from services.registry.households.models import Household, MoveCause
from services.registry.households.moving import Change, head_of, lock_members, place, touch
from services.registry.persons.models import Person, PersonStatus
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind, TaskOutcome
from services.registry.tasks.schemas import OpenTask
from shared.codes import FamilyRelation
from shared.db import Tx


async def note_death(death_id: UUID, person_id: UUID, died_on: date, tx: Tx) -> None:
    """An empty household is closed; one without a head becomes a task."""
    person = await tx.get(Person, person_id)
    if person is not None and person.status == PersonStatus.DECEASED:
        await _look_after(person, "death", death_id, died_on, tx)


async def note_annulment(death_id: UUID, person_id: UUID, tx: Tx) -> None:
    """She lives: her household is open again and headed as before. Where that cannot be, because
    the others went elsewhere or somebody else heads it, a clerk looks."""
    person = await tx.get(Person, person_id, lock=True)
    if person is None or person.status != PersonStatus.ACTIVE:
        return
    await _settle_as_it_was(death_id, tx)
    left = await _left_by_death(person, tx)
    household_id = person.household_id or left
    household = await tx.get(Household, household_id, lock=True) if household_id else None
    if household is None:
        return
    if person.household_id is not None and household.closed_at is not None:
        if person.household_relation == FamilyRelation.HEAD:
            household.closed_at = None
            await touch(household, tx)
            return
        await place(person, None, None, Change(tx.today, MoveCause.LEFT), tx)
    elif person.household_id is not None:
        return
    await open_task(
        OpenTask(
            kind=TaskKind.HOUSEHOLD_CHANGED,
            source="death-annulment",
            source_id=death_id,
            region=household.region,
            person_id=person.id,
            household_id=household.id,
            happened_on=tx.today,
        ),
        tx,
    )
    tx.saw(person.id, "household")


async def note_merge(merged_id: UUID, tx: Tx) -> None:
    """The merged record was in a household: it may be empty now, or without a head."""
    person = await tx.get(Person, merged_id)
    if person is not None and person.status == PersonStatus.MERGED:
        await _look_after(person, "merge", merged_id, tx.today, tx)


async def _look_after(person: Person, source: str, source_id: UUID, on: date, tx: Tx) -> None:
    if person.household_id is None:
        return
    household = await tx.get(Household, person.household_id, lock=True)
    if household is None or household.closed_at is not None:
        return
    members = await lock_members(household.id, tx)
    if not members:
        await touch(household, tx, closed=True)
    elif head_of(members) is None:
        tx.saw(person.id, "household")
        await open_task(
            OpenTask(
                kind=TaskKind.HEADLESS,
                source=source,
                source_id=source_id,
                region=household.region,
                person_id=person.id,
                household_id=household.id,
                happened_on=on,
            ),
            tx,
        )


async def _left_by_death(person: Person, tx: Tx) -> UUID | None:
    """The household she left as its dead head, when that was the last of her moves."""
    last = await tx.fetch_row(
        "SELECT cause, from_household FROM household_moves WHERE person_id = $1"
        " ORDER BY moved_on DESC, id DESC LIMIT 1",
        person.id,
    )
    if last is None or last["cause"] != MoveCause.DIED:
        return None
    household: UUID | None = last["from_household"]
    return household


async def _settle_as_it_was(death_id: UUID, tx: Tx) -> None:
    await tx.execute(
        "UPDATE tasks SET outcome = $2, settled_at = $3, settled_by = $4"
        " WHERE kind = $5 AND source = 'death' AND source_id = $1 AND settled_at IS NULL",
        death_id,
        TaskOutcome.RIGHT_AS_IT_WAS,
        tx.now,
        tx.actor.sub,
        TaskKind.HEADLESS,
    )
