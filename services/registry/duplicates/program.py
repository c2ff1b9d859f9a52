"""The process that links (比对进程): `python -m services.registry.duplicates.program`.

It reads a region's records, opens their id numbers, links them by Splink and enters the pairs,
and holds all of it in its own memory only: nothing of a person is written to disk, and the service
beside it stays small and quick. Its parent sends one Task as a line of JSON, with the keys, to
its standard input; it answers with lines of JSON on its standard output: progress, and at the end
`done` or `failed`. When standard input closes, its parent is gone and so is it.
"""

import asyncio
import json
import os
import resource
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic import BaseModel

from services.registry.duplicates.model import Finding
from services.registry.duplicates.models import Stage
from services.registry.duplicates.pairs import (
    Pair,
    count_compared,
    enter_pairs,
    lapse_pairs,
    note_looks,
    send_compared,
)
from services.registry.duplicates.spark import NoSpark, spark_backend
from shared.actors import Actor
from shared.crypto import Suite, Vault
from shared.db import Database, Tx
from shared.tasks import end
from shared.usage import Purpose

if TYPE_CHECKING:  # these load Splink, DuckDB and Arrow, which the parent never needs
    from splink.internals.splink_dataframe import SplinkDataFrame

    from services.registry.duplicates.linking import Linked
    from services.registry.duplicates.reading import Reader

_AS_OF_ONE_MOMENT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_SAID_AGAIN: Final = 5.0  # seconds


class Task(BaseModel):
    """One attempt of a search. Holds keys: it is sent through a pipe and never logged."""

    search_id: UUID
    attempt: int
    region: str
    least_weight: float
    began_at: datetime
    actor_sub: str
    actor_name: str
    actor_org: str
    purpose: Purpose
    case_reference: str | None
    database_url: str
    field_key: str
    index_key: str
    cipher: Suite
    source: str
    memory_mib: int
    threads: int
    spark_master: str | None = None
    spark_secret: str | None = None


class Overtaken(Exception):
    """The search was cancelled, or another process took it over."""


class Program:
    """One attempt, from the records to the queue."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._actor = Actor(
            task.actor_sub, task.actor_name, task.actor_org, task.region, frozenset()
        )

    async def run(self) -> None:
        from services.registry.duplicates.linking import findings
        from services.registry.duplicates.reading import Reader

        task = self._task
        vault = Vault.from_text(task.field_key, task.index_key, task.cipher)
        database = await Database.connect(
            task.database_url, size=2, vault=vault, event_vault=vault, source=task.source
        )
        try:
            reader = Reader(vault)
            found = await self._link(reader, database)
            await self._write(iter(()) if found is None else findings(found), reader, database)
        finally:
            await database.close()

    @asynccontextmanager
    async def _transaction(self, database: Database) -> AsyncIterator[Tx]:
        async with database.transaction(
            self._actor,
            purpose=self._task.purpose,
            case_reference=self._task.case_reference,
            correlation_id=str(self._task.search_id),
        ) as tx:
            yield tx

    async def _link(self, reader: "Reader", database: Database) -> "SplinkDataFrame | None":
        """Read and link. Nobody is compared before the looks are on record."""
        task = self._task
        await self._look(reader, database)
        linking = asyncio.create_task(asyncio.to_thread(_linked, reader, task))
        while not linking.done():  # it may wait for a cluster: the parent hears of a cancellation
            say(stage=Stage.LINKING, total=len(reader.ids), compared=len(reader.ids))
            await asyncio.wait({linking}, timeout=_SAID_AGAIN)
        return linking.result()

    async def _look(self, reader: "Reader", database: Database) -> None:
        """Read the records and, as of the same moment and meanwhile, enter that they were looked
        at: opening numbers keeps this process busy, entering a county's looks the database."""
        async with self._transaction(database) as reading, self._transaction(database) as noting:
            moment = await (await reading.begin(_AS_OF_ONE_MOMENT)).fetchval(
                "SELECT pg_export_snapshot()"
            )
            await noting.begin(f"{_AS_OF_ONE_MOMENT}; SET TRANSACTION SNAPSHOT '{moment}'")
            noted = asyncio.create_task(note_looks(self._task.region, noting))
            try:
                await self._read(reader, reading)
                await noted
            finally:
                await end(noted)

    async def _read(self, reader: "Reader", tx: Tx) -> None:
        total = await count_compared(self._task.region, tx)
        say(stage=Stage.READING, total=total, compared=0)

        async def take(content: bytes) -> None:
            before = len(reader.ids)
            await reader.take(content)
            if len(reader.ids) > before:
                say(stage=Stage.READING, total=total, compared=len(reader.ids))

        await send_compared(self._task.region, take, tx)
        reader.end()

    async def _write(
        self, batches: "Iterator[list[Linked]]", reader: "Reader", database: Database
    ) -> None:
        """All pairs in one transaction, so that a search leaves a whole queue or none."""
        task, found, seen, total = self._task, 0, 0, len(reader.ids)
        say(stage=Stage.WRITING, total=total, compared=total)
        async with self._transaction(database) as tx:
            await self._claim(tx)
            for batch in batches:
                pairs = [_pair(reader, *linked) for linked in batch]
                found += await enter_pairs(pairs, task.search_id, tx)
                seen += len(pairs)
            lapsed = await lapse_pairs(task.region, task.search_id, task.began_at, tx)
            await tx.execute(
                "UPDATE duplicate_searches SET status = 'finished', stage = NULL, total = $2,"
                " compared = $2, found = $3, known = $4, lapsed = $5, peak_mib = $6,"
                " finished_at = now() WHERE id = $1",
                task.search_id,
                total,
                found,
                seen - found,
                lapsed,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            )
        say(done=True)

    async def _claim(self, tx: Tx) -> None:
        """The search is still ours: a process that was given up for dead may come this far."""
        attempt = await tx.fetch_value(
            "SELECT attempts FROM duplicate_searches WHERE id = $1 AND status = 'running'"
            " FOR UPDATE",
            self._task.search_id,
        )
        if attempt != self._task.attempt:
            raise Overtaken()


def _pair(reader: "Reader", one: int, other: int, finding: Finding) -> Pair:
    first, second = sorted((reader.person_id(one), reader.person_id(other)))
    return Pair(first, second, finding)


def _linked(reader: "Reader", task: Task) -> "SplinkDataFrame | None":
    """The predictions; None where there is nobody to compare."""
    from services.registry.duplicates.linking import duckdb_backend, link

    records = len(reader.ids)
    if records < 2:
        return None
    backend = (
        spark_backend(task.spark_master, task.spark_secret, task.memory_mib, records)
        if task.spark_master
        else duckdb_backend(task.memory_mib, task.threads)
    )
    return link(backend, reader.table(), records, task.least_weight)


def say(**said: object) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Exit code 0 when it said how it ended."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no image of this memory
    os.nice(5)  # callers of the service come first
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        asyncio.run(Program(task).run())
    except Overtaken:
        say(failed="overtaken")
    except NoSpark as error:
        say(failed=error.failure, kind=type(error.__cause__).__name__)
    except Exception as error:  # its text can hold what was compared: only its kind goes out
        say(failed="memory" if _is_about_memory(error) else "error", kind=type(error).__name__)


def _is_about_memory(error: BaseException) -> bool:
    while error.__cause__ is not None and not isinstance(error, MemoryError):
        error = error.__cause__
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


if __name__ == "__main__":
    main()
