"""Who keeps a record (记录管理权). One whose keeping passed to another county, or is on its way
there, is not changed here: two counties that write one record end with two. What the exchange says
of it comes as events; the answer leaves once no change is under way any more."""

from uuid import UUID

from services.registry.errors import RecordKeptElsewhere
from services.registry.persons.queries import find_person
from shared.db import Tx
from shared.events.exchange import RecordKeepingResumed, RecordKeepingStopped
from shared.events.registry import RecordNotFound, RecordWritingStopped

_NOTE = """
INSERT INTO record_keepers AS known (person_id, keeper, keeper_name, turn, since)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id) DO UPDATE
SET keeper = excluded.keeper, keeper_name = excluded.keeper_name, turn = excluded.turn,
    since = excluded.since
WHERE known.turn < excluded.turn
"""


async def require_kept_here(person_id: UUID, tx: Tx) -> None:
    """Before a record changes, its row locked: whoever stops the writing waits for that lock.
    Raises RecordKeptElsewhere, naming the county."""
    elsewhere = await tx.fetch_row(
        "SELECT keeper, keeper_name FROM record_keepers"
        " WHERE person_id = $1 AND keeper IS NOT NULL",
        person_id,
    )
    if elsewhere is not None:
        raise RecordKeptElsewhere(keeper=elsewhere["keeper"], county=elsewhere["keeper_name"])


async def keeper_of(person_id: UUID, tx: Tx) -> str | None:
    """The name of the county that keeps the record where that is another one."""
    found: str | None = await tx.fetch_value(
        "SELECT keeper_name FROM record_keepers WHERE person_id = $1", person_id
    )
    return found


async def stop_writing(event: RecordKeepingStopped, tx: Tx) -> None:
    """From the commit on nobody changes the record here; the lock has waited for whoever was at
    it. What comes late, after newer word of the same person, is passed over."""
    person = await find_person(event.person_id, tx, lock=True)
    if person is None:
        tx.emit(RecordNotFound(person_id=event.person_id, handover_id=event.handover_id))
        return
    noted = await tx.execute(_NOTE, person.id, event.keeper, event.keeper_name, event.turn, tx.now)
    if noted == "INSERT 0 1":
        tx.emit(RecordWritingStopped(person_id=event.person_id, handover_id=event.handover_id))


async def go_on_writing(event: RecordKeepingResumed, tx: Tx) -> None:
    """The record is kept here."""
    person = await find_person(event.person_id, tx, lock=True)
    if person is not None:
        await tx.execute(_NOTE, person.id, None, None, event.turn, tx.now)
