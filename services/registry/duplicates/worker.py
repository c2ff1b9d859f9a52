"""Background work on duplicates: new registrations are checked within seconds, and searches are
carried out one at a time, each in a process of its own.

A session lock keeps the replicas apart; it ends with the connection, so what a killed process left
is taken up by another and begun anew: a search writes nothing before its end.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from services.registry.duplicates.checking import check_new_persons
from services.registry.duplicates.models import DuplicateSearch, SearchStatus
from services.registry.duplicates.program import Task
from services.registry.settings import Settings
from shared.actors import Actor
from shared.app import Parts
from shared.connections import Connection
from shared.db import Database
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

ATTEMPTS: Final = 3
_LOCK: Final = 0x445550  # "DUP"
_IDLE_SECONDS: Final = 1.0
_PROGRAM: Final = "services.registry.duplicates.program"


@asynccontextmanager
async def looking_for_duplicates(parts: Parts) -> AsyncIterator[None]:
    """Runs a worker beside the service."""
    worker = DuplicateWorker(parts.database, parts.actor, parts.settings_as(Settings))
    tasks = [asyncio.create_task(run()) for run in (worker.search, worker.check)]
    try:
        yield
    finally:
        await end(*tasks)


class DuplicateWorker:
    """Looks for searches to carry out and registrations to check."""

    def __init__(self, database: Database, actor: Actor, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        # Finding work has to see searches asked for above the county too, e.g. by the city.
        self._finder = Actor(actor.sub, actor.name, actor.org, actor.region[:2], frozenset())

    async def search(self) -> None:
        """Until cancelled."""
        while True:
            try:
                worked = await self.search_once()
            except Exception as error:  # the database is away: go on later
                log.warning("duplicate-search-paused", error=type(error).__name__)
                worked = False
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def check(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.check_once()
            except Exception as error:
                log.warning("duplicate-check-paused", error=type(error).__name__)
            await asyncio.sleep(_IDLE_SECONDS)

    async def search_once(self) -> bool:
        """Carry out the oldest search that waits, unless one is being carried out elsewhere.
        Returns whether there was one."""
        async with self._database.transaction(self._finder) as tx:
            if not await tx.fetch_value(
                "SELECT EXISTS (SELECT FROM duplicate_searches"
                " WHERE status IN ('waiting', 'running'))"
            ):
                return False
        async with self._locked() as connection:
            if connection is None:
                return False
            task = await self._next_task()
            if task is None:
                return False
            failure = await self._run(task)
            if failure is not None:
                await self._failed(task, failure)
        return True

    async def check_once(self) -> int:
        """Check the next new registrations; returns how many pairs were proposed."""
        async with self._database.transaction(self._finder, purpose=Purpose.DATA_QUALITY) as tx:
            return await check_new_persons(tx)

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[Connection | None]:
        """Holds the lock on searching, or gives None where another process has it."""
        async with self._database.acquire() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1, 0)", _LOCK):
                yield None
                return
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1, 0)", _LOCK)

    async def _next_task(self) -> Task | None:
        """Begin the next attempt. One that was begun too often is given up."""
        async with self._database.transaction(self._finder) as tx:
            found = await tx.find(
                DuplicateSearch,
                "SELECT * FROM duplicate_searches WHERE status IN ('waiting', 'running')"
                " ORDER BY created_at LIMIT 1 FOR UPDATE",
            )
            if not found:
                return None
            search = found[0]
            if search.attempts >= ATTEMPTS:
                search.status, search.failure = SearchStatus.FAILED, "crashed"
                search.finished_at = tx.now
                await tx.save(search)
                return None
            search.status, search.attempts = SearchStatus.RUNNING, search.attempts + 1
            search.started_at = search.started_at or tx.now
            search.stage, search.compared, search.total = None, 0, 0
            await tx.save(search)
            return self._task(search, tx.now)

    def _task(self, search: DuplicateSearch, now: Any) -> Task:
        settings = self._settings
        secret = settings.linkage_spark_secret
        return Task(
            search_id=search.id,
            attempt=search.attempts,
            region=search.region,
            least_weight=search.least_weight,
            began_at=now,
            actor_sub=search.actor_sub,
            actor_name=search.actor_name,
            actor_org=search.actor_org,
            purpose=Purpose(search.purpose),
            case_reference=search.case_reference,
            database_url=settings.database_url.get_secret_value(),
            field_key=settings.field_key.get_secret_value(),
            index_key=settings.index_key.get_secret_value(),
            cipher=settings.cipher,
            source=self._database.source,
            memory_mib=settings.linkage_memory_mib,
            threads=settings.linkage_threads or os.cpu_count() or 1,
            spark_master=settings.linkage_spark_master,
            spark_secret=secret.get_secret_value() if secret else None,
        )

    async def _run(self, task: Task) -> str | None:
        """Run the program to its end; returns how it failed, None when it did not."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _PROGRAM,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what breaks there could name somebody
            env={key: value for key, value in os.environ.items() if not key.startswith("YIPAN_")},
        )
        try:
            return await self._follow(process, task)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process, task: Task) -> str | None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        await process.stdin.drain()
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "done" in said:
                return None
            if "failed" in said:
                log.warning("duplicate-search-failed", kind=said.get("kind"))
                return str(said["failed"])
            if not await self._progress(task, said):
                return "overtaken"
        return "crashed"

    async def _progress(self, task: Task, said: dict[str, Any]) -> bool:
        """Note how far it is; False once the search was cancelled."""
        async with self._database.transaction(self._finder) as tx:
            tag = await tx.execute(
                "UPDATE duplicate_searches SET stage = $2, total = $3, compared = $4"
                " WHERE id = $1 AND status = 'running' AND attempts = $5",
                task.search_id,
                said["stage"],
                said["total"],
                said["compared"],
                task.attempt,
            )
        return tag == "UPDATE 1"

    async def _failed(self, task: Task, failure: str) -> None:
        """What a new attempt may mend is left to one; the rest has failed."""
        log.warning("duplicate-search-ended", search_id=str(task.search_id), failure=failure)
        if failure == "overtaken" or (failure == "crashed" and task.attempt < ATTEMPTS):
            return
        async with self._database.transaction(self._finder) as tx:
            await tx.execute(
                "UPDATE duplicate_searches SET status = 'failed', failure = $2, stage = NULL,"
                " finished_at = $3 WHERE id = $1 AND status = 'running'",
                task.search_id,
                failure,
                tx.now,
            )
