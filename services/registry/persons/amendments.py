"""Notices of other counties that turn out to be wrong (通报更正): what the register did on their
word is undone or put right where its own facts still are those; anything else is for a clerk."""

from services.registry.persons.arrivals import named_in_notice, place_here
from services.registry.persons.desk_changes import note_arrival_annulled, note_stay_corrected
from services.registry.persons.handlers import move
from services.registry.persons.models import Person, PersonStatus, Residence, ResidenceKind
from services.registry.persons.residences import correct_stay
from services.registry.persons.rules import kind_of_residence
from services.registry.persons.schemas import (
    CorrectStay,
    NoteArrivalAnnulled,
    NoteNoticeAmended,
    NoteStayCorrected,
    ResidenceInput,
)
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import Task, TaskKind, TaskOutcome
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.problems import Problem

_REASON = "对方更正通报 / the other county amended its notice"
_LEFT = """
SELECT * FROM residences WHERE person_id = $1 AND until = $2 AND since < until
  AND (starts_with(region, $3) OR starts_with($3, region)) ORDER BY since DESC LIMIT 1
"""


async def note_notice_amended(command: NoteNoticeAmended, tx: Tx) -> None:
    """Tasks that the notice left follow it; then what the register itself did on its word."""
    acted = await _amend_tasks(command, tx)
    person = await named_in_notice(command.id_number, tx)
    dead = person is not None and person.status == PersonStatus.DECEASED
    if command.kind not in ("arrival", "departure"):
        if acted or (dead and command.kind == "death-registered"):
            await _ask(TaskKind.VITAL_DOUBT, command, person, tx)
    elif person is None or dead:
        return  # the register had not followed the notice
    elif command.kind == "arrival":
        await _amend_arrival(command, person, tx)
    else:
        await _amend_departure(command, person, tx)


async def _amend_tasks(command: NoteNoticeAmended, tx: Tx) -> bool:
    """Those still open say what the notice says now, or are closed with it, and opened again when
    it stands after all. Returns whether a clerk has changed a record already."""
    tasks = await tx.find(
        Task,
        "SELECT * FROM tasks WHERE source = 'notice' AND source_id = $1 ORDER BY id FOR UPDATE",
        command.notice_id,
    )
    by_clerk = [each for each in tasks if each.settled_by not in (None, tx.actor.sub)]
    for task in tasks:
        if task not in by_clerk:
            task.happened_on, task.other_region = command.happened_on, command.region
            task.outcome = TaskOutcome.RIGHT_AS_IT_WAS if command.void else None
            task.settled_at = tx.now if command.void else None
            task.settled_by = tx.actor.sub if command.void else None
            await tx.save(task)
    return any(each.outcome == TaskOutcome.UPDATED for each in by_clerk)


async def _amend_arrival(command: NoteNoticeAmended, person: Person, tx: Tx) -> None:
    """The stay there is corrected, or never was: then she lives where she lived before."""
    if command.void:
        annulled = NoteArrivalAnnulled(
            arrival_id=command.notice_id,
            person_id=person.id,
            region=command.was_region,
            arrived_on=command.was_happened_on,
            resumed=True,
        )
        await note_arrival_annulled(annulled, tx, source="notice")
        return
    corrected = NoteStayCorrected(
        arrival_id=command.notice_id,
        person_id=person.id,
        was_region=command.was_region,
        was_arrived_on=command.was_happened_on,
        region=command.region,
        arrived_on=command.happened_on,
        fields=["region", "arrived_on"],
    )
    await note_stay_corrected(corrected, tx, source="notice")


async def _amend_departure(command: NoteNoticeAmended, person: Person, tx: Tx) -> None:
    """She left on another day, or did not leave: the stay that had ended then goes on, unless the
    register knows of a later one."""
    tx.saw(person.id, "residence")
    left = await tx.find(Residence, _LEFT, person.id, command.was_happened_on, command.was_region)
    if not left:
        return  # the register had not followed the notice
    stay = left[0]
    if not command.void:
        again = CorrectStay(reason=_REASON, until=command.happened_on)
        try:
            async with tx.attempt():
                await correct_stay(again, person.id, stay.id, tx)
        except Problem:
            await _ask(TaskKind.RESIDENCE_CONFLICT, command, person, tx)
        return
    if person.residence_region is not None:
        await _ask(TaskKind.RESIDENCE_CONFLICT, command, person, tx)
        return
    await move(
        person,
        ResidenceInput(
            region=stay.region,
            kind=ResidenceKind(kind_of_residence(person.hukou_region, stay.region)),
            since=command.was_happened_on,
        ),
        tx,
    )
    person.updated_at = tx.now
    await tx.save(person)


async def _ask(kind: TaskKind, command: NoteNoticeAmended, person: Person | None, tx: Tx) -> None:
    await open_task(
        OpenTask(
            kind=kind,
            source="notice",
            source_id=command.amendment_id,
            region=place_here(person, tx) if person else tx.actor.region,
            other_region=command.region,
            person_id=person.id if person else None,
            happened_on=command.happened_on,
        ),
        tx,
    )
