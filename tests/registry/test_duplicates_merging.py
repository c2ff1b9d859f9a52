"""A merge and its undoing, over everything that names a person."""

from typing import Any
from uuid import UUID

from services.registry.persons.merging import REFERENCES, merge_persons, unmerge_persons
from services.registry.tables import metadata
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx
from shared.ids import new_id
from tests.conftest import parts_of
from tests.registry.places import HOME, NEXT
from tests.registry.vital_samples import MOTHER, Desk, make_birth, make_registration

# What does not follow a merge, and why.
STAYS = {
    ("changes", "person_id"): "a journal of what was written",
    ("duplicates", "first_id"): "the pair that was merged, and others, are of these records",
    ("duplicates", "second_id"): "likewise",
    ("earlier_facts", "person_id"): "what was believed of a record then",
    ("person_versions", "person_id"): "what each record said",
    ("person_merges", "kept_id"): "the merge itself",
    ("person_merges", "merged_id"): "likewise",
    ("record_keepers", "person_id"): "a record that another county keeps is merged with none",
}
_NAMES = ("person_id", "mother_id", "father_id", "child_id", "landlord_id", "reporter_id")
# Written anew by every change, whatever it is.
_MOVING = {"version", "updated_at", "recorded_at"}


def test_every_column_that_names_a_person_follows_a_merge_or_says_why_not() -> None:
    naming = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if any(key.column.table.name == "persons" for key in column.foreign_keys)
        or column.name in _NAMES
    }
    followed = {(reference.table, reference.column) for reference in REFERENCES}
    assert naming - followed - STAYS.keys() == set()
    assert not followed & STAYS.keys()
    assert STAYS.keys() <= naming


async def state(tx: Tx) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a merge touches."""
    held = {}
    for table in sorted({reference.table for reference in REFERENCES}):
        rows = [dict(row) for row in await tx.fetch(f"SELECT * FROM {table}")]
        held[table] = sorted(
            ({k: v for k, v in row.items() if k not in _MOVING} for row in rows), key=str
        )
    return held


async def rich(person_id: UUID, tx: Tx) -> None:
    """Facts of a record that no report makes."""
    await tx.execute(
        "INSERT INTO hukou_moves (id, person_id, from_region, to_region, moved_on, cause,"
        " recorded_at, recorded_by) VALUES ($1, $2, $3, $4, '2019-05-01', 'moved', now(), 'c')",
        new_id(),
        person_id,
        NEXT,
        HOME,
    )
    await tx.execute(
        "INSERT INTO workplaces (id, person_id, region, since, source, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, '2020-01-01', 'clerk', now(), 'c')",
        new_id(),
        person_id,
        HOME,
    )
    await tx.execute(
        "INSERT INTO person_aliases (alias_id, person_id) VALUES ($1, $2)", new_id(), person_id
    )
    await open_task(
        OpenTask(
            kind=TaskKind.ID_NUMBER_CONFLICT,
            source="test",
            source_id=new_id(),
            region=HOME,
            person_id=person_id,
            happened_on=tx.today,
        ),
        tx,
    )


async def test_rich_records_are_two_again_as_they_were(desk: Desk) -> None:
    """Both records have a history, a child, a place of work, an alias, a task, a request."""
    kept = await desk.done(
        "persons",
        {
            "name": MOTHER["name"],
            "sex": "2",
            "birth_date": "1990-01-01",
            "hukou_region": HOME,
            "residence": {"region": NEXT, "kind": "usual", "since": "2024-05-01"},
        },
    )
    merged = await desk.person(MOTHER, phone="13900000002")
    report = await desk.done("birth-reports", make_birth())
    await desk.done(f"birth-reports/{report['id']}/registration", make_registration())
    for person in (kept, merged):
        asked = {
            "person_id": person["id"],
            "field": "name",
            "should_be": "王芬",
            "reason": "户口簿上是芬",
        }
        await desk.done("correction-requests", asked)
    ids = UUID(kept["id"]), UUID(merged["id"])
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        for person_id in ids:
            await rich(person_id, tx)
    async with parts.database.transaction(parts.actor) as tx:
        before = await state(tx)
        merge = await merge_persons(*ids, tx)
        together = await state(tx)
    for table in ("hukou_moves", "workplaces", "tasks", "correction_requests", "person_aliases"):
        assert {row["person_id"] for row in together[table]} == {ids[0]}, table
        assert len(together[table]) == len(before[table]) == 2, table
    assert {row["mother_id"] for row in together["births"]} == {ids[0]}
    async with parts.database.transaction(parts.actor) as tx:
        await unmerge_persons(merge.id, tx)
        assert await state(tx) == before
        versions = await tx.fetch("SELECT person_id FROM person_versions")
    assert len(versions) == 4  # each record knows that it was merged, and that this was undone
