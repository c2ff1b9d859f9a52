"""Reading what surrounds a batch, and writing what was decided: a few statements for all lines.

PostgreSQL refuses COPY into tables with row-level security, and the second wall stays up for
imports too: lines are copied into a temporary table and inserted from there.
"""

import json
from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from services.registry.imports.batches import (
    Checked,
    Decision,
    Recorded,
    Surroundings,
    TakenKey,
)
from services.registry.imports.models import Import, ImportStatus
from services.registry.imports.rules import Line
from shared.db import Tx
from shared.ids import new_id

_RECORDED = """
SELECT p.id, p.import_id, p.id_number_index, p.phone_index, p.name, p.sex, p.nationality,
       p.birth_date, p.hukou_region, p.household_relation, h.number AS household,
       p.residence_region, p.residence_kind, r.origin_region, r.employer,
       rooms.number AS room, d.number AS dwelling
FROM persons AS p
LEFT JOIN households AS h ON h.id = p.household_id
LEFT JOIN residences AS r ON r.person_id = p.id AND r.until IS NULL
LEFT JOIN rooms ON rooms.id = p.room_id
LEFT JOIN dwellings AS d ON d.id = rooms.dwelling_id
WHERE p.id_number_index = ANY($1::bytea[]) AND p.status <> 'merged'
"""
_HOUSEHOLDS = """
SELECT h.id, h.county, h.number,
       EXISTS (SELECT FROM persons AS p WHERE p.household_id = h.id
               AND p.household_relation = '0' AND p.status = 'active') AS headed
FROM households AS h
JOIN unnest($1::text[], $2::text[]) AS asked (county, number) USING (county, number)
"""
_DWELLINGS = """
SELECT d.id, d.region, d.number FROM dwellings AS d
JOIN unnest($1::text[], $2::text[]) AS asked (region, number) USING (region, number)
"""
_ROOMS = "SELECT id, dwelling_id, number FROM rooms WHERE dwelling_id = ANY($1::uuid[])"

_NEW_HOUSEHOLDS = """
INSERT INTO households (id, version, region, county, number, created_at, created_by)
SELECT id, 1, region, county, number, $5, $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS t (id, region, county, number)
ON CONFLICT (county, number) DO NOTHING RETURNING county, number
"""
_NEW_DWELLINGS = """
INSERT INTO dwellings (id, version, region, number, use, created_at, created_by)
SELECT id, 1, region, number, use, $5, $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS t (id, region, number, use)
"""
_NEW_ROOMS = """
INSERT INTO rooms (id, dwelling_id, number)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
"""
# The persons and residences of one batch, copied in at once.
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_lines (
    person_id uuid, name text, sex text, birth_date date, nationality text,
    id_sealed bytea, id_index bytea, phone_sealed bytea, phone_index bytea, hukou text,
    household_id uuid, relation text, room_id uuid,
    residence_id uuid, residence text, kind text, origin text, employer text
) ON COMMIT DELETE ROWS
"""
_NEW_PERSONS = """
INSERT INTO persons (
    id, version, status, name, sex, birth_date, nationality, id_number_sealed, id_number_index,
    phone_sealed, phone_index, hukou_region, household_id, household_relation, residence_region,
    residence_kind, residence_since, room_id, import_id, created_at, updated_at)
SELECT person_id, 1, 'active', name, sex, birth_date, nationality, id_sealed, id_index,
       phone_sealed, phone_index, hukou, household_id, relation, residence,
       kind, CASE WHEN residence IS NOT NULL THEN $1::date END, room_id, $2::uuid, $3, $3
FROM staged_lines
ON CONFLICT (id_number_index) WHERE status <> 'merged' DO NOTHING
"""
_NEW_RESIDENCES = """
INSERT INTO residences (id, person_id, region, kind, room_id, origin_region, employer, since,
                        recorded_at, recorded_by)
SELECT residence_id, person_id, residence, kind, room_id, origin, employer, $1, $2, $3
FROM staged_lines WHERE residence IS NOT NULL
"""
_NOT_ENTERED = """
SELECT id_index FROM staged_lines AS s WHERE NOT EXISTS (SELECT FROM persons AS p
                                                         WHERE p.id = s.person_id)
"""
_NEW_REJECTS = """
INSERT INTO import_rejects (import_id, line, "column", code, cells_sealed)
SELECT $1, line, col, code, cells
FROM unnest($2::int[], $3::text[], $4::text[], $5::bytea[]) AS t (line, col, code, cells)
"""
# The position is the fence: who does not find it where he left it has lost the import.
_PROGRESS = """
UPDATE imports SET lines_read = lines_read + $3, accepted = accepted + $4,
    unchanged = unchanged + $5, rejected = rejected + $6, line = $7, position = $8
WHERE id = $1 AND position = $2 AND status = $9
"""


class Collided(Exception):
    """Somebody else holds these id numbers or household numbers: look again, then decide again."""

    def __init__(self, keys: Collection[TakenKey]) -> None:
        super().__init__("collided")
        self.keys = frozenset(keys)


class Overtaken(Exception):
    """The import was cancelled, or another worker went on with it."""


async def look_around(
    checked: list[Checked], elsewhere: Collection[TakenKey], tx: Tx
) -> Surroundings:
    """What the register holds, as far as the actor may see, of what a batch names."""
    lines = [each.line for each in checked if each.line]
    persons = await tx.fetch(_RECORDED, [each.id_index for each in checked if each.line])
    keys = sorted({each.household for each in checked if each.household})
    places = sorted({(str(line.residence), line.dwelling) for line in lines if line.dwelling})
    households = await tx.fetch(_HOUSEHOLDS, *_columns(keys, 2))
    dwellings = await tx.fetch(_DWELLINGS, *_columns(places, 2))
    rooms = await tx.fetch(_ROOMS, [row["id"] for row in dwellings]) if dwellings else []
    return Surroundings(
        persons={row["id_number_index"]: _recorded(row) for row in persons},
        households={
            (row["county"], row["number"]): (row["id"], row["headed"]) for row in households
        },
        dwellings={(row["region"], row["number"]): row["id"] for row in dwellings},
        rooms={(row["dwelling_id"], row["number"]): row["id"] for row in rooms},
        elsewhere=elsewhere,
    )


def _recorded(row: asyncpg.Record) -> Recorded:
    line = Line(
        household=row["household"],
        relation=row["household_relation"],
        name=row["name"],
        sex=row["sex"],
        nationality=row["nationality"],
        id_number="",
        birth_date=row["birth_date"],
        hukou=row["hukou_region"],
        residence=row["residence_region"],
        kind=row["residence_kind"],
        dwelling=row["dwelling"],
        room=row["room"],
        use="",
        origin=row["origin_region"],
        employer=row["employer"],
        phone=None,
    )
    return Recorded(row["id"], row["import_id"], line, row["phone_index"])


async def write(decision: Decision, job: Import, tx: Tx) -> None:
    """Write a decision. Raises Collided where a concurrent or unseen record is in the way; the
    transaction is then to be rolled back."""
    await _write_places(decision, job, tx)
    if decision.persons:
        await _write_persons(decision, job, tx)
    if decision.rejects:
        await tx.execute(_NEW_REJECTS, job.id, *_columns(_reject_rows(decision, job, tx), 4))
    for person_id in decision.looked_at:
        tx.saw(person_id, "import")


async def _write_places(decision: Decision, job: Import, tx: Tx) -> None:
    households = sorted(
        (key, household_id, region) for key, (household_id, region) in decision.households.items()
    )
    if households:
        rows = [(id_, region, *key) for key, id_, region in households]
        made = await tx.fetch(_NEW_HOUSEHOLDS, *_columns(rows, 4), tx.now, job.actor_sub)
        missing = set(decision.households) - {(row["county"], row["number"]) for row in made}
        if missing:
            raise Collided(missing)
    if decision.dwellings:
        dwellings: list[tuple[UUID, str, str, str]] = sorted(
            ((id_, *key, use) for key, (id_, use) in decision.dwellings.items()),
            key=lambda row: row[1:3],
        )
        await tx.execute(_NEW_DWELLINGS, *_columns(dwellings, 4), tx.now, job.actor_sub)
    if decision.rooms:
        rooms = sorted((key, id_) for key, id_ in decision.rooms.items())
        await tx.execute(_NEW_ROOMS, *_columns([(id_, *key) for key, id_ in rooms], 3))


async def _write_persons(decision: Decision, job: Import, tx: Tx) -> None:
    await tx.execute(_STAGE)
    await tx.connection.copy_records_to_table(
        "staged_lines", records=(_staged(*each) for each in decision.persons)
    )
    tag = await tx.execute(_NEW_PERSONS, job.as_of, job.id, tx.now)
    if int(tag.split()[-1]) != len(decision.persons):
        raise Collided([row["id_index"] for row in await tx.fetch(_NOT_ENTERED)])
    await tx.execute(_NEW_RESIDENCES, job.as_of, tx.now, job.actor_sub)


def _staged(each: Checked, household: UUID | None, room: UUID | None) -> tuple[object, ...]:
    line = each.line
    if line is None:
        raise ValueError("a refused line cannot become a person")
    return (
        each.person_id,
        line.name,
        line.sex,
        line.birth_date,
        line.nationality,
        each.id_sealed,
        each.id_index,
        each.phone_sealed,
        each.phone_index,
        line.hukou,
        household,
        line.relation,
        room,
        new_id() if line.residence else None,
        line.residence,
        line.kind,
        line.origin,
        line.employer,
    )


def reject_place(import_id: UUID, line: int) -> str:
    """What the cells of a refused line are sealed for."""
    return f"import_rejects.cells:{import_id}:{line}"


def _reject_rows(decision: Decision, job: Import, tx: Tx) -> list[tuple[object, ...]]:
    return [
        (
            raw.number,
            fault.column,
            fault.reason.value,
            tx.vault.seal(
                json.dumps(raw.cells, ensure_ascii=False), reject_place(job.id, raw.number)
            ),
        )
        for raw, fault in decision.rejects
    ]


async def advance(decision: Decision, batch_end: tuple[int, int], job: Import, tx: Tx) -> None:
    """Count the batch in the same transaction and move on to `batch_end`, line and position.
    Raises Overtaken."""
    line, position = batch_end
    accepted, rejected = len(decision.persons), len(decision.rejects)
    tag = await tx.execute(
        _PROGRESS,
        job.id,
        job.position,
        accepted + rejected + decision.unchanged,
        accepted,
        decision.unchanged,
        rejected,
        line,
        position,
        ImportStatus.RUNNING,
    )
    if tag != "UPDATE 1":
        raise Overtaken()


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """The columns of rows of `width` values, for unnest."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
