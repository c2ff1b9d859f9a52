"""The worker of imports: carries them to their end (job.py), one at a time (shared/jobs.py)."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from services.registry.imports.checking import BATCH
from services.registry.imports.job import Job
from services.registry.imports.models import WORKER, Import, ImportStatus
from services.registry.imports.reasons import Failure
from services.registry.imports.writing import Overtaken
from shared.actors import Actor
from shared.app import Parts
from shared.crypto import SealBroken
from shared.db import Database, Tx
from shared.jobs import Worker, pause_after, working

KEEP_CELLS: Final = timedelta(days=30)
ATTEMPTS: Final = 5  # without a batch done in between
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


def importing(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs a worker beside the service."""
    return working(ImportWorker(parts.database, parts.actor))


class ImportWorker(Worker):
    """Looks for imports to do. Acts under each import's own jurisdiction, never a wider one."""

    kind = WORKER
    lock = 0x494D50  # "IMP"
    idle = 0.25

    def __init__(self, database: Database, actor: Actor, *, batch: int = BATCH) -> None:
        super().__init__(database, actor)
        self._batch = batch

    async def due(self, tx: Tx) -> Sequence[UUID]:
        return [row["id"] for row in await tx.fetch(_WAITING, tx.now)]

    async def carry(self, job_id: UUID) -> None:
        async with self.database.transaction(self.finder) as tx:
            job = await tx.require(Import, job_id)
        if job.status in (ImportStatus.WAITING, ImportStatus.RUNNING):
            with suppress(Overtaken):
                await Job(job, self.database, self._batch).run()

    async def note_failure(self, job_id: UUID, error: Exception, tx: Tx) -> None:
        """Try again later, a few times; then the import has failed. A damaged file stays so."""
        damaged = isinstance(error, SealBroken)
        job = await tx.require(Import, job_id)
        await tx.execute(
            _FAILED,
            job_id,
            type(error).__name__,
            0 if damaged else ATTEMPTS,
            tx.now + pause_after(job.attempts + 1),
            (Failure.DAMAGED if damaged else Failure.GIVEN_UP).value,
            tx.now,
        )

    async def tidy(self) -> None:
        """Erase what was kept for KEEP_CELLS: the cells of refused lines, and the files of imports
        that failed and nobody tried again."""
        before = datetime.now(UTC) - KEEP_CELLS
        async with self.database.transaction(self.finder) as tx:
            await tx.execute(
                "UPDATE import_rejects AS r SET cells_sealed = NULL FROM imports AS i"
                " WHERE i.id = r.import_id AND i.finished_at < $1"
                " AND r.cells_sealed IS NOT NULL",
                before,
            )
            await tx.execute(
                "DELETE FROM import_files AS f USING imports AS i"
                " WHERE i.id = f.import_id AND i.status = 'failed' AND i.finished_at < $1",
                before,
            )
