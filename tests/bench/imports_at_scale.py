"""What an import and an export of so many people take: lines a second, and memory at its peak.

`python -m tests.bench.imports_at_scale 100000 1000000`: each number in an empty register of its
own. Past what an upload may hold (200 MiB, some 1.5M lines) the file is put into the database as
the upload would put it. Writes no page; numbers.md quotes what it printed.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from deploy.box.databases import app_dsn
from services.registry.imports.files import PART
from services.registry.imports.handlers import accept_import
from services.registry.imports.rules import HEADERS
from services.registry.imports.schemas import ImportKind
from shared.db import Database
from shared.testing import EVENT_VAULT, VAULT, make_actor
from shared.usage import Purpose
from tests.bench import people
from tests.bench.machine import forget_peak_memory, peak_memory
from tests.bench.row5_import import children_memory
from tests.bench.stand import Served, Stand, stand


def lines(count: int) -> Iterator[bytes]:
    """A roster of heads of households, a hundred a building."""
    yield (",".join(HEADERS) + "\r\n").encode()
    for n in range(count):
        yield (
            f"P-{n},0,{people.name(n)},{people.sex(n)},01,{people.id_number(n)},"
            f"{people.birth_date(n)},{people.VILLAGE},{people.VILLAGE},常住,B-{n // 100},{n % 100},"
            f"自住,,,{people.phone(n)}\r\n"
        ).encode()


async def _parts(count: int) -> AsyncIterator[bytes]:
    part = bytearray()
    for line in lines(count):
        part += line
        if len(part) >= PART:
            yield bytes(part)
            part.clear()
    yield bytes(part)


async def _send(made: Stand, count: int) -> str:
    dsn = app_dsn(made.postgres, "registry", made.passwords)
    database = await Database.connect(
        dsn, size=1, vault=VAULT, event_vault=EVENT_VAULT, source="/bench"
    )
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        sent = await accept_import(ImportKind.ROSTER, None, _parts(count), tx)
    await database.close()
    return str(sent.id)


async def _until(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    while True:
        state: dict[str, object] = (await client.get(path)).raise_for_status().json()
        if state["status"] not in ("waiting", "running"):
            return state
        await asyncio.sleep(0.5)


async def _import(made: Stand, registry: Served, client: httpx.AsyncClient, count: int) -> None:
    forget_peak_memory(registry.pid)
    import_id = await _send(made, count)
    started = time.perf_counter()
    async with children_memory(registry.pid) as children:
        state = await _until(client, f"/imports/{import_id}")
    seconds = time.perf_counter() - started
    print(
        f"import {count:>10,}: {state['status']}, {state['accepted']:,} taken, "
        f"{count / seconds:,.0f} lines/s, service {peak_memory(registry.pid):.0f} MiB, "
        f"checking {children[0]:.0f} MiB",
        flush=True,
    )


async def _export(registry: Served, client: httpx.AsyncClient, count: int, kind: str) -> None:
    forget_peak_memory(registry.pid)
    body = {"what": "persons", "region": people.COUNTY, "format": kind}
    started = time.perf_counter()
    asked = (await client.post("/exports", json=body)).raise_for_status().json()
    state = await _until(client, f"/exports/{asked['id']}")
    gathered = time.perf_counter() - started
    size = 0
    async with client.stream("GET", f"/exports/{asked['id']}/file") as answer:
        async for piece in answer.aiter_bytes():
            size += len(piece)
    seconds = time.perf_counter() - started
    print(
        f"export {count:>10,}: {state['status']}, {kind} of {size / 2**20:,.0f} MiB, "
        f"gathered at {count / gathered:,.0f} rows/s, fetched after {seconds:,.0f} s, "
        f"service {peak_memory(registry.pid):.0f} MiB",
        flush=True,
    )


async def _run(counts: list[int]) -> None:
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="yipan-bench-") as folder:
            async with stand(Path(folder), 1) as made, made.service("registry") as registry:
                base = f"http://127.0.0.1:{registry.port}/registry/v1"
                async with httpx.AsyncClient(
                    base_url=base, headers=made.headers(), timeout=600
                ) as client:
                    await _import(made, registry, client, count)
                    for kind in ("csv", "xlsx"):
                        await _export(registry, client, count, kind)


if __name__ == "__main__":
    asyncio.run(_run([int(each) for each in sys.argv[1:]] or [100_000]))
