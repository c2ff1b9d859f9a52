"""Reading what surrounds a batch, and writing what was decided: a few statements for all lines.

PostgreSQL refuses COPY into tables with row-level security, and the second wall stays up for
imports too: lines are copied into a temporary table and inserted from there.
"""

import asyncio
import io
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from operator import itemgetter
from uuid import UUID

import asyncpg

from services.registry.imports.batches import (
    Decision,
    Recorded,
    Standing,
    Surroundings,
    TakenKey,
)
from services.registry.imports.checking import (
    CELLS,
    COPY_END,
    COPY_HEADER,
    STAGED,
    Batch,
    Checked,
    HouseholdKey,
    copied,
    known_as,
    refused,
    said,
)
from services.registry.imports.models import Import, ImportStatus
from services.registry.imports.rules import Fault, Line
from shared.db import Tx

_NOBODY = copied(None)

# Tables grow a thousandfold while a roster comes in, statistics follow late, and the share of a
# table that row-level security lets through is only guessed at: a plan that reads a table whole
# would do so for each batch. What a batch names is therefore found by an index, each on its own
# (LATERAL, with a LIMIT or OFFSET that keeps the planner from turning it into a join).
BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off; SET LOCAL random_page_cost = 0"
)
_RECORDED = """
SELECT p.id, p.import_id, p.id_number_index, p.phone_index, p.name, p.sex, p.nationality,
       p.birth_date, p.hukou_region, p.household_relation, h.county, h.number AS household,
       p.residence_region, p.residence_kind, p.residence_since, r.origin_region, r.employer,
       home.room, home.dwelling
FROM persons AS p
LEFT JOIN LATERAL (SELECT county, number FROM households
                   WHERE id = p.household_id LIMIT 1) AS h ON true
LEFT JOIN LATERAL (SELECT origin_region, employer FROM residences
                   WHERE person_id = p.id AND until IS NULL LIMIT 1) AS r ON true
LEFT JOIN LATERAL (SELECT rooms.number AS room, dwellings.number AS dwelling
                   FROM rooms JOIN dwellings ON dwellings.id = rooms.dwelling_id
                   WHERE rooms.id = p.room_id LIMIT 1) AS home ON true
WHERE p.status <> 'merged' AND """
_BY_NUMBER = _RECORDED + "p.id_number_index = ANY($1::bytea[])"
_BY_HOUSEHOLD = _RECORDED + (
    "p.household_id = ANY($1::uuid[])"
    " AND (p.id_number_index IS NULL OR p.household_id = ANY($2::uuid[]))"
)
_ANY_NUMBER = """
SELECT EXISTS (SELECT FROM persons
               WHERE id_number_index = ANY($1::bytea[]) AND status <> 'merged')
"""
_HOUSEHOLDS = """
SELECT h.id, h.county, h.number, p.household_relation, p.birth_date
FROM unnest($1::text[], $2::text[]) AS asked (county, number)
CROSS JOIN LATERAL (SELECT id, county, number FROM households
                    WHERE county = asked.county AND number = asked.number LIMIT 1) AS h
LEFT JOIN LATERAL (SELECT household_relation, birth_date FROM persons
                   WHERE household_id = h.id AND household_relation IN ('0', '1')
                   AND status = 'active' OFFSET 0) AS p ON true
"""
# Nobody else enters somebody without a number into these households meanwhile: no index would
# notice the second.
_LOCK_HOUSEHOLDS = "SELECT id FROM households WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_DWELLINGS = """
SELECT d.id, d.region, d.number, d.closed_on <= $3 AS closed
FROM unnest($1::text[], $2::text[]) AS asked (region, number)
CROSS JOIN LATERAL (SELECT id, region, number, closed_on FROM dwellings
                    WHERE region = asked.region AND number = asked.number LIMIT 1) AS d
"""
# Rosters know no units: theirs are the rooms without one.
_ROOMS = """
SELECT r.id, r.dwelling_id, r.number, r.closed_on <= $2 AS closed
FROM unnest($1::uuid[]) AS asked (id)
CROSS JOIN LATERAL (SELECT id, dwelling_id, number, closed_on FROM rooms
                    WHERE dwelling_id = asked.id AND unit = '' OFFSET 0) AS r
"""

_NEW_HOUSEHOLDS = """
INSERT INTO households (id, version, region, county, number, created_at, created_by)
SELECT id, 1, region, county, number, $5, $6
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS t (id, region, county, number)
ON CONFLICT (county, number) DO NOTHING
"""
_HOUSEHOLDS_IN_THE_WAY = """
SELECT county, number FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new (id, county, number)
WHERE NOT EXISTS (SELECT FROM households AS h WHERE h.id = new.id)
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
# The persons and residences of one batch, copied in at once, in the order of checking.STAGED.
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_lines (
    person_id uuid, name text, sex text, birth_date date, nationality text,
    id_sealed bytea, id_index bytea, phone_sealed bytea, phone_index bytea, hukou text,
    relation text, residence_id uuid, residence text, kind text, origin text, employer text,
    since date, household_id uuid, room_id uuid
) ON COMMIT DELETE ROWS
"""
_NEW_PERSONS = """
INSERT INTO persons (
    id, version, status, name, sex, birth_date, nationality, id_number_sealed, id_number_index,
    phone_sealed, phone_index, hukou_region, household_id, household_relation, residence_region,
    residence_kind, residence_since, room_id, import_id, created_at, updated_at)
SELECT person_id, 1, 'active', name, sex, birth_date, nationality, id_sealed, id_index,
       phone_sealed, phone_index, hukou, household_id, relation, residence,
       kind, since, room_id, $1::uuid, $2, $2
FROM staged_lines
"""
# Costs an eighth more: asked only once somebody was in the way.
_UNLESS_REGISTERED = " ON CONFLICT (id_number_index) WHERE status <> 'merged' DO NOTHING"
_NEW_RESIDENCES = """
INSERT INTO residences (id, person_id, region, kind, room_id, origin_region, employer, since,
                        recorded_at, recorded_by)
SELECT residence_id, person_id, residence, kind, room_id, origin, employer, since, $1, $2
FROM staged_lines WHERE residence IS NOT NULL
"""
_NOT_ENTERED = """
SELECT id_index FROM staged_lines AS s WHERE NOT EXISTS (SELECT FROM persons AS p
                                                         WHERE p.id = s.person_id)
"""
_NEW_REJECTS = """
INSERT INTO import_rejects (import_id, line, entered, "column", code, cells_sealed)
SELECT $1, line, $2, col, code, cells
FROM unnest($3::int[], $4::text[], $5::text[], $6::bytea[]) AS t (line, col, code, cells)
"""
# The position is the fence: who does not find it where he left it has lost the import.
_PROGRESS = """
UPDATE imports SET lines_read = lines_read + $3, accepted = accepted + $4,
    unchanged = unchanged + $5, rejected = rejected + $6, flagged = flagged + $7, line = $8,
    position = $9, attempts = 0
WHERE id = $1 AND position = $2 AND status = $10
"""


class Collided(Exception):
    """Somebody else holds these id numbers or household numbers: look again, then decide again."""

    def __init__(self, keys: Collection[TakenKey]) -> None:
        super().__init__("collided")
        self.keys = frozenset(keys)


class Overtaken(Exception):
    """The import was cancelled, or another worker went on with it."""


async def look_around(
    good: Sequence[Checked], elsewhere: Collection[TakenKey], tx: Tx, *, ahead: bool = False
) -> Surroundings:
    """What the register holds, as far as the actor may see, of what a batch names. Looked at
    `ahead` of its own transaction it locks nothing, and says whether it would have."""
    await tx.execute(BY_INDEX)
    numbers = [each.id_index for each in good if each.id_index]
    persons = []
    if numbers and await tx.fetch_value(_ANY_NUMBER, numbers):
        persons = await tx.fetch(_BY_NUMBER, numbers)
    keys = sorted({each.household for each in good if each.household})
    households = _standing(await tx.fetch(_HOUSEHOLDS, *_columns(keys, 2)) if keys else [])
    places = sorted({(each.home, each.dwelling) for each in good if each.dwelling})
    dwellings = await tx.fetch(_DWELLINGS, *_columns(places, 2), tx.today) if places else []
    alike = {
        households[each.household].id
        for each in good
        if each.id_index is None and each.household in households
    }
    if alike and not ahead:
        await tx.execute(_LOCK_HOUSEHOLDS, sorted(alike))
    ids = [row["id"] for row in dwellings]
    rooms = await tx.fetch(_ROOMS, ids, tx.today) if ids else []
    return Surroundings(
        persons={row["id_number_index"]: _recorded(row) for row in persons},
        members=await _members(households, alike, tx) if households else {},
        households=households,
        dwellings={(row["region"], row["number"]): row["id"] for row in dwellings},
        rooms={(row["dwelling_id"], row["number"]): row["id"] for row in rooms},
        closed={row["id"] for row in (*dwellings, *rooms) if row["closed"]},
        elsewhere=elsewhere,
        to_lock=ahead and bool(alike),
    )


def _standing(rows: Sequence[asyncpg.Record]) -> dict[tuple[str, str], Standing]:
    standing: dict[tuple[str, str], Standing] = {}
    for row in rows:
        key = row["county"], row["number"]
        _, headed, parents = standing.get(key, (None, False, ()))
        if row["birth_date"] is not None:
            parents = (*parents, row["birth_date"].toordinal())
        standing[key] = Standing(row["id"], headed or row["household_relation"] == "0", parents)
    return standing


async def _members(
    households: Mapping[HouseholdKey, Standing], alike: Collection[UUID], tx: Tx
) -> dict[bytes, Recorded]:
    """Members of registered households who can only be told by name and birth date; of those
    `alike` all members, for one of the lines has no number."""
    ids = [standing.id for standing in households.values()]
    return {
        known_as(row["county"], row["household"], row["name"], row["birth_date"].toordinal()): (
            _recorded(row)
        )
        for row in await tx.fetch(_BY_HOUSEHOLD, ids, sorted(alike))
    }


def _recorded(row: asyncpg.Record) -> Recorded:
    since: date | None = row["residence_since"]
    line = Line(
        household=row["household"],
        relation=row["household_relation"],
        name=row["name"],
        sex=row["sex"],
        nationality=row["nationality"],
        id_number=None,
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
        since=since,
    )
    return Recorded(
        person_id=row["id"],
        import_id=row["import_id"],
        has_number=row["id_number_index"] is not None,
        said=said(line, row["phone_index"]),
        since=since.isoformat() if since else "",
        home=row["residence_region"] or "",
    )


async def write(
    decision: Decision, batch: Batch, job: Import, tx: Tx, *, careful: bool = False
) -> None:
    """Write a decision about a batch. Where a concurrent or unseen record is in the way this raises
    UniqueViolationError or, where `careful` or in the way of a household, Collided; the
    transaction is then to be rolled back."""
    # The database enters households and rooms while the rows that name them are put together.
    _, persons = await asyncio.gather(
        _write_places(decision, job, tx), asyncio.to_thread(_rows, decision)
    )
    if decision.persons:
        await _write_persons(persons, len(decision.persons), job, tx, careful)
    rejects = [*batch.refused, *(_kept(each, fault, job, tx) for each, fault in decision.rejects)]
    flagged = [
        (each.number, fault.column, fault.reason.value, None) for each, fault in decision.flagged
    ]
    for entered, rows in ((False, rejects), (True, flagged)):
        if rows:
            await tx.execute(_NEW_REJECTS, job.id, entered, *_columns(rows, 4))
    for person_id in decision.looked_at:
        tx.saw(person_id, "import")


def _kept(each: Checked, fault: Fault, job: Import, tx: Tx) -> tuple[int, str | None, str, bytes]:
    return refused(each.number, each.cells.split(CELLS), fault, job.id, tx.vault)


async def _write_places(decision: Decision, job: Import, tx: Tx) -> None:
    # In order, so that two imports wait for each other and never in a circle.
    households = sorted(decision.households.items(), key=itemgetter(0))
    if households:
        rows = [(*household, *key) for key, household in households]
        ids, regions, *keys = _columns(rows, 4)
        tag = await tx.execute(_NEW_HOUSEHOLDS, ids, regions, *keys, tx.now, job.actor_sub)
        if int(tag.split()[-1]) != len(rows):
            taken = await tx.fetch(_HOUSEHOLDS_IN_THE_WAY, ids, *keys)
            raise Collided([(row["county"], row["number"]) for row in taken])
    if decision.dwellings:
        dwellings: list[tuple[UUID, str, str, str]] = sorted(
            ((id_, *key, use) for key, (id_, use) in decision.dwellings.items()),
            key=lambda row: row[1:3],
        )
        await tx.execute(_NEW_DWELLINGS, *_columns(dwellings, 4), tx.now, job.actor_sub)
    if decision.rooms:
        rooms = sorted(decision.rooms.items(), key=lambda room: (room[0][0].int, room[0][1]))
        await tx.execute(_NEW_ROOMS, *_columns([(id_, *key) for key, id_ in rooms], 3))


async def _write_persons(rows: bytes, count: int, job: Import, tx: Tx, careful: bool) -> None:
    await tx.execute(_STAGE)
    await (await tx.begin()).copy_to_table(
        "staged_lines", source=io.BytesIO(rows), columns=STAGED, format="binary"
    )
    unless = _UNLESS_REGISTERED if careful else ""
    tag = await tx.execute(_NEW_PERSONS + unless, job.id, tx.now)
    if int(tag.split()[-1]) != count:
        raise Collided([row["id_index"] for row in await tx.fetch(_NOT_ENTERED)])
    await tx.execute(_NEW_RESIDENCES, tx.now, job.actor_sub)


def _rows(decision: Decision) -> bytes:
    """The persons of a batch as COPY takes them: checking.py left out household and room."""
    parts = [COPY_HEADER]
    last_household = last_room = None
    household_field = room_field = _NOBODY
    for each, household, room in decision.persons:
        if household is not last_household:  # members of one stand together
            last_household = household
            household_field = copied(household.bytes) if household else _NOBODY
        if room is not last_room:
            last_room = room
            room_field = copied(room.bytes) if room else _NOBODY
        parts += (each.row, household_field, room_field)
    parts.append(COPY_END)
    return b"".join(parts)


async def advance(decision: Decision, batch: Batch, job: Import, tx: Tx) -> None:
    """Count the batch in the same transaction and move on to its end. Raises Overtaken."""
    accepted = len(decision.persons)
    rejected = len(decision.rejects) + len(batch.refused)
    tag = await tx.execute(
        _PROGRESS,
        job.id,
        job.position,
        accepted + rejected + decision.unchanged,
        accepted,
        decision.unchanged,
        rejected,
        len(decision.flagged),
        batch.line,
        batch.position,
        ImportStatus.RUNNING,
    )
    if tag != "UPDATE 1":
        raise Overtaken()


def _columns(rows: Sequence[Sequence[object]], width: int) -> list[list[object]]:
    """The columns of rows of `width` values, for unnest."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
