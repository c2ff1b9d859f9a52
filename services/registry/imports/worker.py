"""The worker: takes waiting imports one at a time and carries them to their end (job.py).

A session lock on the import tells the replicas apart; it ends with the connection, so an import
whose process was killed is taken up at once by another, at the last committed batch.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from services.registry.imports.checking import BATCH
from services.registry.imports.job import Job
from services.registry.imports.models import Import, ImportStatus
from services.registry.imports.reasons import Failure
from services.registry.imports.rules import pause_after
from services.registry.imports.writing import Overtaken
from shared.actors import Actor
from shared.app import Parts
from shared.crypto import SealBroken
from shared.db import Connection, Database
from shared.problems import Unavailable
from shared.tasks import end

log = structlog.get_logger()

KEEP_CELLS = timedelta(days=30)
ATTEMPTS = 5  # without a batch done in between
_LOCK = 0x494D50  # "IMP": the class of this worker's advisory locks
_IDLE_SECONDS = 0.25
_WAITING = """
SELECT id FROM imports WHERE status IN ('waiting', 'running')
AND (next_attempt_at IS NULL OR next_attempt_at <= $1) ORDER BY created_at LIMIT 20
"""
_FAILED = """
UPDATE imports SET attempts = attempts + 1, error = $2,
    next_attempt_at = CASE WHEN attempts + 1 < $3 THEN $4::timestamptz END,
    status = CASE WHEN attempts + 1 < $3 THEN status ELSE 'failed' END,
    failure = CASE WHEN attempts + 1 < $3 THEN failure ELSE $5 END,
    finished_at = CASE WHEN attempts + 1 < $3 THEN finished_at ELSE $6 END
WHERE id = $1 AND status IN ('waiting', 'running')
"""


@asynccontextmanager
async def importing(parts: Parts) -> AsyncIterator[None]:
    """Runs a worker beside the service."""
    task = asyncio.create_task(ImportWorker(parts.database, parts.actor).run())
    try:
        yield
    finally:
        await end(task)


class ImportWorker:
    """Looks for imports to do. Acts under each import's own jurisdiction, never a wider one."""

    def __init__(self, database: Database, actor: Actor, *, batch: int = BATCH) -> None:
        self._database = database
        self._batch = batch
        # Finding work has to see imports sent from above the county too, e.g. by the city.
        self._finder = Actor(actor.sub, actor.name, actor.org, actor.region[:2], frozenset())
        self._swept = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            worked = False
            try:
                worked = await self.work_once()
                await self.sweep()
            except Exception as error:  # the database is away: go on later
                log.warning("import-paused", error=type(error).__name__)
                await asyncio.sleep(2)
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def work_once(self) -> bool:
        """Do one import that is due and that nobody else is doing. Returns whether there was one.
        Raises Unavailable; every other error is the import's own, and counted there."""
        async with self._database.transaction(self._finder) as tx:
            rows = await tx.fetch(_WAITING, tx.now)
        for row in rows:
            async with self._database.acquire() as connection:
                if await self._claimed(row["id"], connection):
                    return True
        return False

    async def _claimed(self, import_id: UUID, connection: Connection) -> bool:
        locked = "SELECT pg_try_advisory_lock($1, hashtext($2))"
        if not await connection.fetchval(locked, _LOCK, str(import_id)):
            return False
        try:
            async with self._database.transaction(self._finder) as tx:
                job = await tx.require(Import, import_id)
            if job.status in (ImportStatus.WAITING, ImportStatus.RUNNING):
                await self._carry(job)
        finally:
            if not connection.is_closed():
                await connection.execute(
                    "SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK, str(import_id)
                )
        return True

    async def _carry(self, job: Import) -> None:
        try:
            with suppress(Overtaken):
                await Job(job, self._database, self._batch).run()
        except Unavailable:
            raise  # an outage is nobody's fault, and waited out
        except Exception as error:
            log.warning("import-stuck", import_id=str(job.id), error=type(error).__name__)
            await self._note_failure(job, error)

    async def _note_failure(self, job: Import, error: Exception) -> None:
        """Try again later, a few times; then the import has failed. A damaged file stays so."""
        damaged = isinstance(error, SealBroken)
        async with self._database.transaction(self._finder) as tx:
            await tx.execute(
                _FAILED,
                job.id,
                type(error).__name__,
                0 if damaged else ATTEMPTS,
                tx.now + pause_after(job.attempts + 1),
                (Failure.DAMAGED if damaged else Failure.GIVEN_UP).value,
                tx.now,
            )

    async def sweep(self) -> None:
        """Once an hour, erase what was kept for KEEP_CELLS: the cells of refused lines, and the
        files of imports that failed and nobody tried again."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(hours=1):
            return
        async with self._database.transaction(self._finder) as tx:
            await tx.execute(
                "UPDATE import_rejects AS r SET cells_sealed = NULL FROM imports AS i"
                " WHERE i.id = r.import_id AND i.finished_at < $1"
                " AND r.cells_sealed IS NOT NULL",
                now - KEEP_CELLS,
            )
            await tx.execute(
                "DELETE FROM import_files AS f USING imports AS i"
                " WHERE i.id = f.import_id AND i.status = 'failed' AND i.finished_at < $1",
                now - KEEP_CELLS,
            )
        self._swept = now
