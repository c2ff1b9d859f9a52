"""Row 5: import a roster as a township sends it (read, check every line, find who is known, seal,
write, report) against a raw COPY of the rows that came out of it, into the same tables."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx

from deploy.box.divisions import read_divisions
from deploy.box.roster import R7, Margins, generate, write_csv
from deploy.box.sample import DIVISIONS, SEED, first_township, import_roster
from services.registry.regions.handlers import load_regions
from shared.tasks import end
from tests.bench import people
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.machine import forget_peak_memory, peak_memory
from tests.bench.stand import Served, Stand

_KEPT = ("alembic_version", "regions")
_BY_TRIGGER = ("changes",)  # a COPY of persons fills it too
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_REFERENCES = """
SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid
"""


@asynccontextmanager
async def contest(stand: Stand) -> AsyncIterator[Contest]:
    for dsn in (stand.owner, stand.limit_dsn):
        await _load_divisions(dsn)
    small, large = stand.folder / "small.csv", stand.folder / "large.csv"
    await asyncio.to_thread(_write, R7.scaled(10), small)
    await asyncio.to_thread(_write, R7, large)
    async with stand.service("registry") as registry:
        peaks = []
        for path in (small, large):
            await _empty(stand.owner)
            peaks.append(await _import(stand, registry, path))
        lines = R7.total
        order = await _copy_out(stand)
        yield Contest(
            row=5,
            what=f"import a roster of {lines:,} lines",
            against="raw COPY of the same rows, same tables and indexes",
            goals=[Goal("lines", "/s", 0.60, at_least=True)],
            ours=lambda: _ours(stand, registry, large, lines),
            limit=lambda: _limit(stand, order, lines),
            notes=[
                f"Row 5: the registry's process and the one that checks for it peaked at "
                f"{peaks[0]:.0f} MiB importing {R7.scaled(10).total:,} lines and at "
                f"{peaks[1]:.0f} MiB importing {lines:,}. `python -m tests.bench.imports_at_scale` "
                "imports and exports as many as it is told to."
            ],
        )


async def _load_divisions(dsn: str) -> None:
    rows = await asyncio.to_thread(
        list, read_divisions(DIVISIONS, village_prefixes=[people.COUNTY])
    )
    connection = await asyncpg.connect(dsn)
    await load_regions(connection, rows)
    await connection.close()


def _write(margins: Margins, path: Path) -> None:
    place = first_township(people.COUNTY)
    write_csv(generate(SEED, place.code, place.villages, place.counties, margins), path)


async def _import(stand: Stand, registry: Served, path: Path) -> float:
    """Import a file into an empty register; returns the peak memory in MiB of the service and of
    what it starts."""
    forget_peak_memory(registry.pid)
    base = f"http://127.0.0.1:{registry.port}/registry/v1"
    async with (
        httpx.AsyncClient(base_url=base, headers=stand.headers()) as client,
        children_memory(registry.pid) as children,
    ):
        state = await import_roster(client, path)
    if state["status"] != "finished":
        raise RuntimeError(f"the import ended as {state}")
    return peak_memory(registry.pid) + children[0]


@asynccontextmanager
async def children_memory(pid: int) -> AsyncIterator[list[float]]:
    """The largest sum of the peaks (MiB) of the processes that process `pid` has started, watched
    during a block."""
    largest = [0.0]

    async def watch() -> None:
        while True:
            with suppress(OSError):  # one of them has just ended
                largest[0] = max(largest[0], sum(map(peak_memory, _children(pid))))
            await asyncio.sleep(0.2)

    task = asyncio.create_task(watch())
    try:
        yield largest
    finally:
        await end(task)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _ours(stand: Stand, registry: Served, path: Path, lines: int) -> Figures:
    await _empty(stand.owner)
    started = time.perf_counter()
    await _import(stand, registry, path)
    return {"lines": lines / (time.perf_counter() - started)}


async def _limit(stand: Stand, order: list[str], lines: int) -> Figures:
    await _empty(stand.limit_dsn)
    connection = await asyncpg.connect(stand.limit_dsn)
    started = time.perf_counter()
    async with connection.transaction():
        for table in order:
            source = stand.folder / f"{table}.copy"
            await connection.copy_to_table(table, source=source, format="binary")
    seconds = time.perf_counter() - started
    await connection.close()
    return {"lines": lines / seconds}


async def _empty(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    names = [row["tablename"] for row in await connection.fetch(_TABLES)]
    emptied = f"TRUNCATE {', '.join(n for n in names if n not in _KEPT)} CASCADE"
    while True:
        try:
            await connection.execute(emptied)
            break
        except asyncpg.DeadlockDetectedError:  # with a background step of the service
            continue
    await connection.close()


async def _copy_out(stand: Stand) -> list[str]:
    """Keep every row the import wrote; returns its tables, parents before children."""
    connection = await asyncpg.connect(stand.owner)
    filled = [
        row["tablename"]
        for row in await connection.fetch(_TABLES)
        if row["tablename"] not in (*_KEPT, *_BY_TRIGGER)
        and await connection.fetchval(f"SELECT EXISTS (SELECT FROM {row['tablename']})")
    ]
    references = await connection.fetch(_REFERENCES)
    for table in filled:
        target = stand.folder / f"{table}.copy"
        await connection.copy_from_table(table, output=target, format="binary")
    await connection.close()
    order: list[str] = []
    while waiting := [table for table in filled if table not in order]:
        order += [
            table
            for table in waiting
            if not any(row["child"] == table and row["parent"] in waiting for row in references)
        ]
    return order
