"""What other counties tell of our people beside arrivals and births (通报): they left, they died, a
record of theirs seems wrong.

The register follows a notice where its own facts already say the same up to that point. Nothing
that is hard to take back is done on a notice alone: a death is registered from a report, with its
papers, and a correction by whoever looked into it.
"""

from services.registry.persons.arrivals import named_in_notice, place_here
from services.registry.persons.handlers import leave
from services.registry.persons.models import Person, PersonStatus, Residence
from services.registry.persons.schemas import (
    NoteCorrectionSuggested,
    NoteDeathElsewhere,
    NoteDepartureElsewhere,
)
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx

Notice = NoteDepartureElsewhere | NoteDeathElsewhere | NoteCorrectionSuggested


async def note_departure_elsewhere(command: NoteDepartureElsewhere, tx: Tx) -> None:
    """She left the place away where the register has her: that stay ends. A stay there that ended
    already is old news; one that was never known, or a death, is for a clerk."""
    person = await named_in_notice(command.id_number, tx)
    if person is None or person.status == PersonStatus.DECEASED:
        kind = TaskKind.DECEASED_PERSON if person else TaskKind.UNKNOWN_PERSON
        await _ask(kind, command, person, tx)
        return
    tx.saw(person.id, "residence")
    stays = [
        stay
        for stay in await tx.find(
            Residence, "SELECT * FROM residences WHERE person_id = $1", person.id
        )
        if stay.region.startswith(command.region) or command.region.startswith(stay.region)
    ]
    lasting = [stay for stay in stays if stay.until is None]
    if lasting and lasting[0].since <= command.departed_on:
        await leave(person, command.departed_on, tx)
        person.updated_at = tx.now
        await tx.save(person)
    elif not stays:
        await _ask(TaskKind.RESIDENCE_CONFLICT, command, person, tx)


async def note_death_elsewhere(command: NoteDeathElsewhere, tx: Tx) -> None:
    """A clerk files the report and registers it; the register closes nobody's record on the word
    of a message. A death that is registered here for the same day is old news."""
    person = await named_in_notice(command.id_number, tx)
    if person is not None:
        tx.saw(person.id, "death")
        died_on = await tx.fetch_value(
            "SELECT died_on FROM deaths WHERE person_id = $1 AND annulled_at IS NULL", person.id
        )
        if died_on == command.died_on:
            return
    kind = TaskKind.DEATH_ELSEWHERE if person else TaskKind.UNKNOWN_PERSON
    await _ask(kind, command, person, tx)


async def note_correction_suggested(command: NoteCorrectionSuggested, tx: Tx) -> None:
    """Another county's doubt changes nothing; the values are asked of it by an inquiry (协查)."""
    person = await named_in_notice(command.id_number, tx)
    kind = TaskKind.CORRECTION_SUGGESTED if person else TaskKind.UNKNOWN_PERSON
    await _ask(kind, command, person, tx)


async def _ask(kind: TaskKind, notice: Notice, person: Person | None, tx: Tx) -> None:
    if isinstance(notice, NoteDepartureElsewhere):
        happened_on = notice.departed_on
    elif isinstance(notice, NoteDeathElsewhere):
        happened_on = notice.died_on
    else:
        happened_on = notice.noticed_on
    await open_task(
        OpenTask(
            kind=kind,
            source="notice",
            source_id=notice.notice_id,
            region=place_here(person, tx) if person else tx.actor.region,
            other_region=notice.region,
            person_id=person.id if person else None,
            happened_on=happened_on,
        ),
        tx,
    )
