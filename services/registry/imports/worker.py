"""The worker: takes waiting imports one at a time and carries them to their end.

A session lock on the import tells the replicas apart; it ends with the connection, so an import
whose process was killed is taken up at once by another, at the last committed batch. While one
batch is written the next is read, checked and sealed in a thread.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

import structlog

from services.registry.imports.batches import (
    BATCH,
    Checked,
    TakenKey,
    batches,
    check_batch,
    decide,
    region_codes,
)
from services.registry.imports.files import close, file_place
from services.registry.imports.models import Import, ImportStatus
from services.registry.imports.reading import FileRefused, RawLine, Source, open_roster
from services.registry.imports.reasons import Failure
from services.registry.imports.writing import Collided, Overtaken, advance, look_around, write
from services.registry.regions.queries import known_regions
from shared.actors import Actor
from shared.app import Parts
from shared.db import Connection, Database, Tx
from shared.events.registry import RosterImported
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

KEEP_CELLS = timedelta(days=30)
_LOCK = 0x494D50  # "IMP": the class of this worker's advisory locks
_IDLE_SECONDS = 0.5
_COLLISIONS = 5


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
            except Exception as error:  # the database is away, or a file is a riddle: go on later
                log.warning("import-paused", error=type(error).__name__)
                await asyncio.sleep(2)
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def work_once(self) -> bool:
        """Do one import that nobody else is doing. Returns whether there was one. One that cannot
        go on holds up none of the others; its error is raised when there was nothing else to do."""
        async with self._database.transaction(self._finder) as tx:
            rows = await tx.fetch(
                "SELECT id FROM imports WHERE status IN ('waiting', 'running')"
                " ORDER BY created_at LIMIT 20"
            )
        stuck: Exception | None = None
        for row in rows:
            try:
                async with self._database.acquire() as connection:
                    if await self._claimed(row["id"], connection):
                        return True
            except Exception as error:
                log.warning("import-stuck", import_id=str(row["id"]), error=type(error).__name__)
                stuck = error
        if stuck is not None:
            raise stuck
        return False

    async def _claimed(self, import_id: UUID, connection: Connection) -> bool:
        locked = "SELECT pg_try_advisory_lock($1, hashtext($2))"
        if not await connection.fetchval(locked, _LOCK, str(import_id)):
            return False
        try:
            async with self._database.transaction(self._finder) as tx:
                job = await tx.require(Import, import_id)
            if job.status in (ImportStatus.WAITING, ImportStatus.RUNNING):
                with suppress(Overtaken):
                    await Job(job, self._database, self._batch).run()
        finally:
            if not connection.is_closed():
                await connection.execute(
                    "SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK, str(import_id)
                )
        return True

    async def sweep(self) -> None:
        """Once an hour, erase the cells of lines refused longer ago than KEEP_CELLS."""
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
        self._swept = now


class Job:
    """One import on its way, from where it stands to its end."""

    def __init__(self, job: Import, database: Database, batch: int) -> None:
        self._job = job
        self._batch = batch
        self._database = database
        self._actor = Actor(job.actor_sub, job.actor_name, job.actor_org, job.region, frozenset())

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Tx]:
        async with self._database.transaction(
            self._actor,
            purpose=Purpose(self._job.purpose),
            case_reference=self._job.case_reference,
            correlation_id=str(self._job.id),
        ) as tx:
            yield tx

    async def run(self) -> None:
        """Raises Overtaken when it was cancelled meanwhile."""
        with TemporaryFile() as file:  # has no name and vanishes with the process
            await self._fetch(file)
            try:
                source = await asyncio.to_thread(
                    open_roster,
                    file,
                    self._job.format,
                    line=self._job.line,
                    position=self._job.position,
                )
            except FileRefused as refused:
                await self._refuse(refused)
                return
            await self._start(source)
            await self._carry_on(batches(source.lines, self._batch))
        if self._job.lines_read:
            await self._finish()
        else:
            await self._refuse(FileRefused(Failure.EMPTY))

    async def _fetch(self, file: IO[bytes]) -> None:
        part = 0
        while True:
            async with self._transaction() as tx:
                sealed = await tx.fetch_value(
                    "SELECT content_sealed FROM import_files WHERE import_id = $1 AND part = $2",
                    self._job.id,
                    part,
                )
            if sealed is None:
                return
            content = await asyncio.to_thread(
                self._database.vault.open_bytes, sealed, file_place(self._job.id, part)
            )
            file.write(content)
            part += 1

    async def _start(self, source: Source) -> None:
        async with self._transaction() as tx:
            tag = await tx.execute(
                "UPDATE imports SET status = 'running', total = $2,"
                " started_at = coalesce(started_at, $3)"
                " WHERE id = $1 AND status IN ('waiting', 'running')",
                self._job.id,
                source.total,
                tx.now,
            )
        if tag != "UPDATE 1":
            raise Overtaken()

    async def _carry_on(self, following: Iterator[list[RawLine]]) -> None:
        ahead = asyncio.create_task(self._next(following))
        try:
            while checked := await ahead:
                ahead = asyncio.create_task(self._next(following))
                await self._write(checked)
        finally:
            ahead.cancel()
            with suppress(asyncio.CancelledError):
                await ahead

    async def _next(self, following: Iterator[list[RawLine]]) -> list[Checked]:
        """The next batch, read and checked; empty at the end of the file."""
        batch: list[RawLine] = await asyncio.to_thread(next, following, [])
        if not batch:
            return []
        async with self._transaction() as tx:
            known = await known_regions(region_codes(batch), tx)
            today = tx.today
        return await asyncio.to_thread(
            check_batch, batch, today, known, self._job.region, self._database.vault
        )

    async def _write(self, checked: list[Checked]) -> None:
        elsewhere: frozenset[TakenKey] = frozenset()
        for _ in range(_COLLISIONS):
            try:
                await self._attempt(checked, elsewhere)
                return
            except Collided as collided:
                elsewhere |= collided.keys
        raise RuntimeError("a batch kept colliding")

    async def _attempt(self, checked: list[Checked], elsewhere: frozenset[TakenKey]) -> None:
        job, last = self._job, checked[-1].raw
        async with self._transaction() as tx:
            around = await look_around(checked, elsewhere, tx)
            decision = await asyncio.to_thread(decide, checked, around, job.id, job.region)
            await write(decision, job, tx)
            await advance(decision, (last.number, last.position), job, tx)
        job.line, job.position = last.number, last.position
        job.lines_read += len(checked)

    async def _finish(self) -> None:
        async with self._transaction() as tx:
            job = await tx.require(Import, self._job.id, lock=True)
            if job.status != ImportStatus.RUNNING:
                raise Overtaken()
            job.status, job.finished_at, job.position = ImportStatus.FINISHED, tx.now, job.total
            await close(job, tx)
            tx.emit(
                RosterImported(
                    import_id=job.id,
                    kind=job.kind,
                    region=job.region,
                    accepted=job.accepted,
                    rejected=job.rejected,
                )
            )

    async def _refuse(self, refused: FileRefused) -> None:
        async with self._transaction() as tx:
            job = await tx.require(Import, self._job.id, lock=True)
            if job.status not in (ImportStatus.WAITING, ImportStatus.RUNNING):
                raise Overtaken()
            job.status, job.finished_at = ImportStatus.REFUSED, tx.now
            job.failure, job.failure_columns = refused.failure.value, refused.columns
            await close(job, tx)
