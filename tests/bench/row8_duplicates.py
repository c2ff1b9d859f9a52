"""Row 8: search a county for duplicates (read, open, link, queue, every look noted) against Splink
alone: the same records as a table in memory, the same settings, nothing read or written."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import httpx
import pyarrow as pa

from services.registry.duplicates.linking import SCHEMA, arrow_batch
from services.registry.duplicates.thresholds import DEFAULT
from services.registry.settings import Settings
from shared.testing import VAULT
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.stand import Served, Stand
from tests.linkage.people import SECOND_RECORDS, Maker, Person, record_of

SEED: Final = 8
SECOND_EACH: Final = 100  # people to one second record
_BATCH: Final = 20_000
_ROSTER: Final = UUID(int=8)  # they came with a roster, and are not checked one by one
_MEMORY: Final = Settings.model_fields["linkage_memory_mib"].default
_COLUMNS: Final = (
    *("id", "version", "status", "name", "sex", "birth_date", "nationality"),
    *("id_number_sealed", "id_number_index", "phone_sealed", "phone_index", "hukou_region"),
    *("household_id", "import_id", "created_at", "updated_at"),
)


@asynccontextmanager
async def contest(stand: Stand, records: int) -> AsyncIterator[Contest]:
    file = stand.folder / "records.arrow"
    await _fill(stand.owner, records, file)
    notes: list[str] = []
    async with stand.service("registry") as registry:
        yield Contest(
            row=8,
            what=f"duplicates among {records:,} persons: read, link, queue",
            against="Splink alone on a table in memory, same settings",
            goals=[Goal("seconds", "s", 1.5, at_least=False)],
            ours=lambda: _ours(stand, registry, notes),
            limit=lambda: _limit(file),
            notes=notes,
        )


def _people(records: int) -> list[Person]:
    maker = Maker(SEED)
    made: list[Person] = []
    spoils = list(SECOND_RECORDS.values())
    while len(made) < records:
        for person in maker.household():
            made.append(person)
            if len(made) % SECOND_EACH == 0 and 2 <= len(person.name) <= 3:
                spoil = spoils[len(made) // SECOND_EACH % len(spoils)]
                made.append(spoil(maker, replace(person, id=maker.new_id())))
    return sorted(made[:records], key=lambda person: person.id)


async def _fill(dsn: str, records: int, file: Path) -> None:
    """Enter the people by COPY, sealed as the registry seals them, and write them as the table
    that Splink gets. The file holds made-up people."""
    people = await asyncio.to_thread(_people, records)
    connection = await asyncpg.connect(dsn)
    with pa.OSFile(str(file), "wb") as target, pa.ipc.new_file(target, SCHEMA) as writer:
        taken: set[str | None] = set()
        for start in range(0, len(people), _BATCH):
            batch = [_once(person, taken) for person in people[start : start + _BATCH]]
            writer.write_batch(arrow_batch([record_of(person) for person in batch], start))
            await connection.copy_records_to_table(
                "persons", columns=_COLUMNS, records=[_row(person) for person in batch]
            )
    await connection.execute("VACUUM ANALYZE persons")
    await connection.close()


def _once(person: Person, taken: set[str | None]) -> Person:
    """An id number stands in one record: a slip may have made somebody else's."""
    if person.id_number in taken:
        return replace(person, id_number=None)
    if person.id_number:
        taken.add(person.id_number)
    return person


def _row(person: Person) -> tuple[object, ...]:
    number, now = person.id_number, datetime.now(UTC)
    return (
        *(person.id, 1, "active", person.name, person.sex, person.birth_date, "01"),
        VAULT.seal(number, f"persons.id_number:{person.id}") if number else None,
        VAULT.index(number, "id_number") if number else None,
        None,
        person.phone_index,
        person.hukou_region,
        *(person.household_id, _ROSTER, now, now),
    )


async def _ours(stand: Stand, registry: Served, notes: list[str]) -> Figures:
    """From the request to the whole queue, into an empty one."""
    connection = await asyncpg.connect(stand.owner)
    await connection.execute("TRUNCATE duplicates, duplicate_decisions, usage_entries")
    await connection.close()
    base = f"http://127.0.0.1:{registry.port}/registry/v1/duplicate-searches"
    async with httpx.AsyncClient(headers=stand.headers(), timeout=60) as client:
        started = time.perf_counter()
        search = (await client.post(base, json={})).raise_for_status().json()
        while search["status"] in ("waiting", "running"):
            await asyncio.sleep(0.2)
            search = (await client.get(f"{base}/{search['id']}")).raise_for_status().json()
    seconds = time.perf_counter() - started
    if search["status"] != "finished":
        raise RuntimeError(f"the search ended as {search['status']}: {search['failure']}")
    notes[:] = [
        f"Row 8: the process that links peaked at {search['peak_mib']:,} MiB (of {_MEMORY:,} MiB"
        f" allowed to DuckDB) and queued {search['found']:,} pairs."
    ]
    return {"seconds": seconds}


async def _limit(file: Path) -> Figures:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.splink_alone"),
        *(str(file), str(_MEMORY), str(os.cpu_count()), str(DEFAULT.review)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return {"seconds": json.loads(said)["seconds"]}
