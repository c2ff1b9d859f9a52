"""What the welcome desk put right (居住登记更正、撤销) changes in the register: the same stay here.

A stay that the register does not have as the desk had it, or cannot have as the desk has it now,
becomes a task for a clerk.
"""

from datetime import date
from uuid import UUID

from services.registry.persons.arrivals import place_here, room_doubt
from services.registry.persons.handlers import leave, move
from services.registry.persons.models import Person, PersonStatus, Residence, ResidenceKind
from services.registry.persons.queries import find_person
from services.registry.persons.residences import correct_stay
from services.registry.persons.schemas import (
    CorrectStay,
    NoteArrivalAnnulled,
    NoteStayCorrected,
    ResidenceInput,
)
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.events.registry import ArrivalDoubted
from shared.problems import Problem

_REASON = "流入登记更正 / corrected at the desk"
_STAY = """
SELECT * FROM residences WHERE person_id = $1 AND region = $2 AND since = $3
ORDER BY until NULLS FIRST, id DESC LIMIT 1
"""
_BEFORE = """
SELECT * FROM residences WHERE person_id = $1 AND until = $2 AND since < $2 AND id <> $3
ORDER BY since DESC LIMIT 1
"""


async def note_stay_corrected(
    command: NoteStayCorrected, tx: Tx, *, source: str = "arrival"
) -> None:
    """Correct the residence that the stay became. Applying it twice changes nothing more than a
    task, for the stay is then known by other values. `source` is what told of the stay."""
    person = await find_person(command.person_id, tx, lock=True)
    stay = await _stay_of(person, command.was_region, command.was_arrived_on, tx)
    if person is None or stay is None:
        await _ask(command, source, person, tx)
        return
    room_id = await _room_of(command, tx)
    try:
        async with tx.attempt():
            await _correct(command, person, stay, room_id, tx)
    except Problem:
        await _ask(command, source, person, tx)


async def note_arrival_annulled(
    command: NoteArrivalAnnulled, tx: Tx, *, source: str = "arrival"
) -> None:
    """She never lived there: she lives where she lived before, or nowhere that is known. The
    residence stays as one of no days. A stay that is over already is left to a clerk."""
    person = await find_person(command.person_id, tx, lock=True)
    stay = await _stay_of(person, command.region, command.arrived_on, tx)
    if person is None or stay is None:
        return
    tx.saw(person.id, "residence")
    if stay.until is not None:
        if stay.until > stay.since:
            await _ask(command, source, person, tx)
        return
    before = await tx.find(Residence, _BEFORE, person.id, stay.since, stay.id)
    if command.resumed and before:
        await move(
            person,
            ResidenceInput(
                region=before[0].region,
                kind=ResidenceKind(before[0].kind),
                since=stay.since,
                room_id=before[0].room_id,
            ),
            tx,
        )
    else:
        await leave(person, stay.since, tx)
    person.updated_at = tx.now
    await tx.save(person)


async def _stay_of(person: Person | None, region: str, since: date, tx: Tx) -> Residence | None:
    if person is None or person.status != PersonStatus.ACTIVE:
        return None
    found = await tx.find(Residence, _STAY, person.id, region, since)
    return found[0] if found else None


async def _correct(
    command: NoteStayCorrected, person: Person, stay: Residence, room_id: UUID | None, tx: Tx
) -> None:
    """The stay that ended when this one began goes on ending then: whichever of the two gets
    shorter is corrected first, so that they never overlap."""
    before = await tx.find(Residence, _BEFORE, person.id, stay.since, stay.id)
    values = {"region": command.region, "since": command.arrived_on, "room_id": room_id}
    if "until" in command.fields:
        values["until"] = command.until
    own = CorrectStay.model_validate({"reason": _REASON} | values)
    earlier = CorrectStay(reason=_REASON, until=command.arrived_on)
    if before and command.arrived_on < command.was_arrived_on:
        await correct_stay(earlier, person.id, before[0].id, tx)
    await correct_stay(own, person.id, stay.id, tx)
    if before and command.arrived_on > command.was_arrived_on:
        await correct_stay(earlier, person.id, before[0].id, tx)


async def _room_of(command: NoteStayCorrected, tx: Tx) -> UUID | None:
    """The room as the desk says it now; a doubtful one is said to be, and left out."""
    if command.room_id is None:
        return None
    doubt = await room_doubt(command.room_id, command.region, command.arrived_on, tx)
    if doubt is None:
        return command.room_id
    tx.emit(
        ArrivalDoubted(
            arrival_id=command.arrival_id,
            person_id=command.person_id,
            region=command.region,
            doubt=doubt,
            room_id=command.room_id,
        )
    )
    return None


async def _ask(
    command: NoteStayCorrected | NoteArrivalAnnulled, source: str, person: Person | None, tx: Tx
) -> None:
    here = tx.actor.covers(command.region)
    await open_task(
        OpenTask(
            kind=TaskKind.RESIDENCE_CONFLICT if person else TaskKind.UNKNOWN_PERSON,
            source=source,
            source_id=command.arrival_id,
            region=command.region if here or person is None else place_here(person, tx),
            other_region=None if here else command.region,
            person_id=person.id if person else None,
            happened_on=command.arrived_on,
        ),
        tx,
    )
