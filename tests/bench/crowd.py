"""A crowd: as many made-up people as are asked for, entered by SQL alone, and found again by the
next run where the stand's folder was kept.

What the figures of rows 1 to 3 depend on is as in a register that grew: every row and column, all
indexes, one stay each, half of the people living in the neighbouring county. What they do not
depend on is cheaper. All rows but a sample share one ciphertext, as long as any other; the sample,
spread over the whole crowd, is sealed as the registry seals it, and is what the rows look up.
The blind indexes are hashes of the number: as random as real ones, and found by nobody.
"""

from hashlib import md5
from uuid import UUID

import asyncpg

from deploy.box.postgres import Postgres
from shared.testing import VAULT
from tests.bench import people

NEIGHBOUR = "420381100001"  # where every second of them lives, registered here
_SAMPLE = 10_000
_BEGIN = 1_500_000_000_000  # ms since 1970 in the first id: long before any that a run makes

_PERSON_ID = f"""(lpad(to_hex({_BEGIN} + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
    || substr(md5(n::text), 4, 15))::uuid"""
_HOME = f"CASE WHEN n % 2 = 1 THEN '{NEIGHBOUR}' ELSE '{people.VILLAGE}' END"
_PERSONS = f"""
INSERT INTO persons (id, version, status, name, sex, birth_date, nationality, id_number_sealed,
    id_number_index, phone_sealed, phone_index, hukou_region, residence_region, residence_kind,
    residence_since, created_at, updated_at)
SELECT {_PERSON_ID}, 1, 'active',
    '王' || substr($2, (n / {len(people.RARE)}) % {len(people.RARE)} + 1, 1)
        || substr($2, n % {len(people.RARE)} + 1, 1),
    CASE WHEN (n / {people.DAYS} + 1) % 2 = 1 THEN '1' ELSE '2' END,
    $3::date + n % {people.DAYS}, '01', $4, sha256(('id' || n)::bytea), $5,
    sha256(('phone' || n)::bytea), '{people.VILLAGE}', {_HOME},
    CASE WHEN n % 2 = 1 THEN 'migrant' ELSE 'usual' END, '2020-05-01', now(), now()
FROM generate_series(0, $1 - 1) AS n
"""
_RESIDENCES = f"""
INSERT INTO residences (id, person_id, region, kind, since, recorded_at, recorded_by)
SELECT {_PERSON_ID}, {_PERSON_ID}, {_HOME},
    CASE WHEN n % 2 = 1 THEN 'migrant' ELSE 'usual' END, '2020-05-01', now(), 'bench'
FROM generate_series(0, $1 - 1) AS n
"""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes AS i WHERE tablename = ANY($1::text[])
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = i.indexname)
"""
_FILLED = ("persons", "residences")
_WRITTEN = ("outbox", "usage_entries", "idempotency_keys", "changes")  # by registering people


def person_id(number: int) -> UUID:
    """The id of a person of the crowd; ids are in the order of the numbers."""
    digest = md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{_BEGIN + number:012x}7{digest[:3]}8{digest[3:18]}")


def sample(count: int) -> list[int]:
    """The numbers of those who can be looked up, of a crowd of `count`."""
    return list(range(0, count, max(1, count // _SAMPLE)))


async def gather(postgres: Postgres, database: str, count: int) -> None:
    """Have exactly the people numbered up to `count` in a registry's database. Those of an earlier
    run stay, and what the run wrote beside them is taken out."""
    connection = await asyncpg.connect(postgres.dsn(database))
    try:
        there = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM persons WHERE id = $1)", person_id(count - 1)
        )
        async with connection.transaction():
            # no triggers, no checks of references: everything here is made to fit
            await connection.execute("SET LOCAL session_replication_role = replica")
            await (_take_out(connection, count) if there else _fill(connection, count))
        for table in (*_FILLED, *_WRITTEN):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


async def _take_out(connection: asyncpg.Connection, count: int) -> None:
    for table, column in (("residences", "person_id"), ("persons", "id")):
        await connection.execute(
            f"DELETE FROM {table} WHERE {column} < $1 OR {column} > $2",
            person_id(0),
            person_id(count - 1),
        )
    await connection.execute(f"TRUNCATE {', '.join(_WRITTEN)}")


async def _fill(connection: asyncpg.Connection, count: int) -> None:
    """Rows first, then their indexes, which are made by sorting in a fraction of the time."""
    await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
    indexes = await connection.fetch(_INDEXES, list(_FILLED))
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    sealed = VAULT.seal(people.id_number(0), "crowd"), VAULT.seal(people.phone(0), "crowd")
    await connection.execute(_PERSONS, count, people.RARE, people.FIRST_DAY, *sealed)
    await connection.execute(_RESIDENCES, count)
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.executemany(
        "UPDATE persons SET id_number_sealed = $2, phone_sealed = $3 WHERE id = $1",
        [
            (id_, *(VAULT.seal(text, f"persons.{field}:{id_}") for field, text in values))
            for id_, values in (
                (
                    person_id(number),
                    (("id_number", people.id_number(number)), ("phone", people.phone(number))),
                )
                for number in sample(count)
            )
        ],
    )
