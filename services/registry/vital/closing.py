"""Closing what lasts when a record closes, and opening exactly that again when it was an error."""

from datetime import date
from uuid import UUID

from services.registry.persons.handlers import keep_version, leave
from services.registry.persons.models import Person, PersonStatus, Residence
from services.registry.persons.stays import kept_apart
from shared.db import Tx

Closed = dict[str, str]
"""What was closed ("residences:<id>", "workplaces:<id>") and the end it was given."""


async def close_record(person: Person, status: PersonStatus, on: date, why: str, tx: Tx) -> Closed:
    """Close a record with its open stay and workplaces. `why` is kept with the version."""
    await keep_version(person, ["status"], why, tx)
    stays = await tx.fetch(
        "SELECT id, greatest(since, $2) AS until FROM residences"
        " WHERE person_id = $1 AND until IS NULL",
        person.id,
        on,
    )
    await leave(person, on, tx)
    works = await tx.fetch(
        "UPDATE workplaces SET until = greatest(since, $2), recorded_at = $3, recorded_by = $4"
        " WHERE person_id = $1 AND until IS NULL RETURNING id, until",
        person.id,
        on,
        tx.now,
        tx.actor.sub,
    )
    person.status, person.updated_at = status, tx.now
    await tx.save(person)
    return {f"residences:{row['id']}": str(row["until"]) for row in stays} | {
        f"workplaces:{row['id']}": str(row["until"]) for row in works
    }


async def open_record(person: Person, closed: Closed, why: str, tx: Tx) -> None:
    """Open a record again, and what was closed with it, unless somebody changed that since. Raises
    OverlappingStays."""
    await keep_version(person, ["status"], why, tx)
    for table, fact_id, until in _facts(closed):
        async with kept_apart(person.id, until, None, tx, itself=fact_id):
            await tx.execute(
                f"UPDATE {table} SET until = NULL, recorded_at = $3, recorded_by = $4"  # noqa: S608 our own names
                " WHERE id = $1 AND until = $2",
                fact_id,
                until,
                tx.now,
                tx.actor.sub,
            )
    found = await tx.find(
        Residence, "SELECT * FROM residences WHERE person_id = $1 AND until IS NULL", person.id
    )
    if found:
        stay = found[0]
        person.residence_region, person.residence_kind = stay.region, stay.kind
        person.residence_since, person.room_id = stay.since, stay.room_id
        person.left_region = None
    person.status, person.updated_at = PersonStatus.ACTIVE, tx.now
    await tx.save(person)


async def close_on(person_id: UUID, closed: Closed, on: date, tx: Tx) -> Closed:
    """Give what was closed another end: the day of a death was corrected. Raises
    OverlappingStays."""
    moved: Closed = {}
    for table, fact_id, until in _facts(closed):
        async with kept_apart(person_id, until, on, tx, itself=fact_id):
            ended = await tx.fetch_value(
                f"UPDATE {table} SET until = greatest(since, $3), recorded_at = $4,"  # noqa: S608 our own names
                " recorded_by = $5 WHERE id = $1 AND until = $2 RETURNING until",
                fact_id,
                until,
                on,
                tx.now,
                tx.actor.sub,
            )
        moved[f"{table}:{fact_id}"] = str(ended or until)
    return moved


def _facts(closed: Closed) -> list[tuple[str, UUID, date]]:
    found = []
    for key, until in closed.items():
        table, _, fact_id = key.partition(":")
        if table not in ("residences", "workplaces"):
            raise ValueError("only stays and workplaces are closed")
        found.append((table, UUID(fact_id), date.fromisoformat(until)))
    return found
