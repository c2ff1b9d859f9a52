"""Where people work (工作地): beside household register and home the third of a person's places.
Somebody may work in several at once."""

from datetime import date, timedelta
from uuid import UUID

from services.registry.errors import ImpossibleDay, RecordClosed
from services.registry.persons.keeping import require_kept_here
from services.registry.persons.models import Person, PersonStatus, Workplace, WorkplaceSource
from services.registry.persons.past import workplace_view
from services.registry.persons.queries import find_person, require_person
from services.registry.persons.schemas import (
    EndWorkplace,
    NoteEmployment,
    NoteEmploymentCorrection,
    NoteEmploymentEnd,
    StartWorkplace,
    WorkplaceView,
)
from services.registry.regions.queries import require_region
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction

_SAME = """
SELECT * FROM workplaces WHERE person_id = $1 AND region = $2 AND until IS NULL
  AND employer_code IS NOT DISTINCT FROM $3 AND work_unit_id IS NOT DISTINCT FROM $4
ORDER BY since, id LIMIT 1
"""


async def start_workplace(command: StartWorkplace, person_id: UUID, tx: Tx) -> WorkplaceView:
    """Note where she works; noting again what is known already changes nothing. Raises
    PersonNotFound, OutsideJurisdiction, RecordClosed, UnknownRegion, ImpossibleDay,
    RecordKeptElsewhere."""
    person = await require_person(person_id, tx, lock=True)
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    if command.since < person.birth_date:
        raise ImpossibleDay(reason="before-birth")
    await require_region(command.region, tx)
    tx.saw(person.id, "workplace")
    known = await tx.find(
        Workplace, _SAME, person.id, command.region, command.employer_code, command.work_unit_id
    )
    return workplace_view(known[0] if known else await _add(person, command, tx))


async def end_workplace(
    command: EndWorkplace, person_id: UUID, workplace_id: UUID, tx: Tx
) -> WorkplaceView:
    """Raises PersonNotFound, NotFound, RecordClosed when it ended before, ImpossibleDay,
    RecordKeptElsewhere."""
    person = await require_person(person_id, tx, lock=True)
    workplace = await tx.require(Workplace, workplace_id, lock=True)
    if workplace.person_id != person.id:
        raise NotFound()
    tx.saw(person.id, "workplace")
    if workplace.until is not None:
        raise RecordClosed()
    await require_kept_here(person.id, tx)
    if command.until < workplace.since:
        raise ImpossibleDay(reason="before-it-began")
    workplace.until = command.until
    workplace.recorded_at, workplace.recorded_by = tx.now, tx.actor.sub
    await tx.save(workplace)
    return workplace_view(workplace)


async def note_employment(command: NoteEmployment, tx: Tx) -> None:
    """An employer filed that she works for it, in a place here. Whom the register does not know,
    or knows as deceased, is left to a clerk: a filing gates nothing and says nothing for sure."""
    person = await find_person(command.person_id, tx, lock=True)
    if person is None or person.status == PersonStatus.DECEASED:
        await open_task(
            OpenTask(
                kind=TaskKind.DECEASED_PERSON if person else TaskKind.UNKNOWN_PERSON,
                source="employment",
                source_id=command.employment_id,
                region=command.region,
                person_id=person.id if person else None,
                happened_on=command.started_on,
            ),
            tx,
        )
        return
    await require_region(command.region, tx)
    known = await tx.fetch_value(
        "SELECT 1 FROM workplaces WHERE source = $1 AND source_id = $2",
        WorkplaceSource.EMPLOYMENT.value,
        command.employment_id,
    )
    told = await tx.find(Workplace, _SAME, person.id, command.region, command.employer_code, None)
    tx.saw(person.id, "workplace")
    if known or told:
        return
    start = StartWorkplace(
        region=command.region, employer_code=command.employer_code, since=command.started_on
    )
    await _add(person, start, tx, filing=command.employment_id)


async def note_employment_end(command: NoteEmploymentEnd, tx: Tx) -> None:
    """An employer filed that she left. Ends the workplace of that filing, or the one that was
    known before it came in; one that ended already stays as it is."""
    person = await find_person(command.person_id, tx, lock=True)
    if person is None:
        return
    found = await _of_filing(command.employment_id, tx) or await tx.find(
        Workplace, _SAME, person.id, command.region, command.employer_code, None
    )
    until = _first_day_off(command.ended_on)
    if found and found[0].until is None and until and found[0].since <= until:
        found[0].until = until
        await _say(found[0], tx)


async def note_employment_correction(command: NoteEmploymentCorrection, tx: Tx) -> None:
    """An employer's filing says otherwise now. A workplace that somebody else told of stays."""
    await require_region(command.region, tx)
    says = command.region, command.started_on, _first_day_off(command.ended_on)
    for workplace in await _of_filing(command.employment_id, tx):
        if says != (workplace.region, workplace.since, workplace.until):
            workplace.region, workplace.since, workplace.until = says
            await _say(workplace, tx)


async def note_employment_withdrawal(employment_id: UUID, tx: Tx) -> None:
    """The filing should not have been made: she worked there on no day. A workplace that somebody
    else told of stays."""
    for workplace in await _of_filing(employment_id, tx):
        if workplace.until != workplace.since:
            workplace.until = workplace.since
            await _say(workplace, tx)


async def _of_filing(employment_id: UUID, tx: Tx) -> list[Workplace]:
    return await tx.find(
        Workplace,
        "SELECT * FROM workplaces WHERE source = $1 AND source_id = $2 FOR UPDATE",
        WorkplaceSource.EMPLOYMENT.value,
        employment_id,
    )


def _first_day_off(last_day: date | None) -> date | None:
    return None if last_day is None else last_day + timedelta(days=1)


async def _say(workplace: Workplace, tx: Tx) -> None:
    await tx.get(Person, workplace.person_id, lock=True)
    await require_kept_here(workplace.person_id, tx)
    tx.saw(workplace.person_id, "workplace")
    workplace.recorded_at, workplace.recorded_by = tx.now, tx.actor.sub
    await tx.save(workplace)


async def _add(
    person: Person, start: StartWorkplace, tx: Tx, *, filing: UUID | None = None
) -> Workplace:
    await require_kept_here(person.id, tx)
    workplace = Workplace(
        id=new_id(),
        person_id=person.id,
        region=start.region,
        employer_code=start.employer_code,
        work_unit_id=start.work_unit_id,
        since=start.since,
        source=WorkplaceSource.EMPLOYMENT if filing else WorkplaceSource.DESK,
        source_id=filing,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(workplace)
    return workplace
