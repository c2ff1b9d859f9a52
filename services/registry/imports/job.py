"""One import on its way, from where it stands to its end.

While one batch is written the next is read, checked and sealed elsewhere, in a process of its own
for a large file, in a thread for a small one; it is looked around for, and decided as if what is
being written were there already. Where that turns out otherwise it is decided anew. A batch and the
place in the file behind it are committed together, so an import stops and goes on between batches
and never inside one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from asyncpg import UniqueViolationError

from services.registry.imports.batches import Decision, TakenKey, decide, surrounded
from services.registry.imports.checking import Batch, Order
from services.registry.imports.checking_process import (
    WORTH_A_PROCESS,
    CheckingApart,
    CheckingHere,
)
from services.registry.imports.files import close, file_place
from services.registry.imports.models import Import, ImportStatus
from services.registry.imports.reading import FileRefused
from services.registry.imports.reasons import Failure, Reason
from services.registry.imports.writing import (
    BY_INDEX,
    Collided,
    Overtaken,
    advance,
    look_around,
    write,
)
from services.registry.regions.queries import known_regions
from shared.actors import Actor
from shared.clock import today
from shared.db import Database, Tx
from shared.events.registry import RosterImported
from shared.usage import Purpose

_COLLISIONS = 5
_START = """
UPDATE imports SET status = 'running', total = $2, started_at = coalesce(started_at, $3),
    resumed_at = $3, resumed_position = position, resumed_lines = lines_read
WHERE id = $1 AND status IN ('waiting', 'running')
"""
# A batch need not wait for the disk: a power cut that takes it back also takes back the place in
# the file, and the import goes on from there. Its end waits, as does whatever else is committed,
# and makes every commit before it durable: nothing that is kept can rest on a batch that is lost.
_NO_WAIT = "SET LOCAL synchronous_commit = off"
_ABOLISHED = "SELECT code FROM regions WHERE code = ANY($1::text[]) AND valid_to <= $2"


class _Prepared(NamedTuple):
    """A batch with the decision about it, which holds where `before` is what was written last."""

    batch: Batch
    decision: Decision
    before: Decision
    to_lock: bool  # it has to be decided in the transaction that writes it


class Job:
    """An import that this process holds the lock of."""

    def __init__(self, job: Import, database: Database, batch: int) -> None:
        self._job = job
        self._batch = batch
        self._database = database
        self._written = Decision()  # about the last batch
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
        where = CheckingApart if self._job.size >= WORTH_A_PROCESS else CheckingHere
        with TemporaryFile() as file:  # has no name and vanishes with the process
            checking = await where.start(file)
            try:
                await self._fetch(file)
                await self._read(checking)
            except FileRefused as refused:
                await self._refuse(refused)
                return
            finally:
                await checking.close()
        await self._finish()

    async def _read(self, checking: CheckingApart | CheckingHere) -> None:
        """Raises FileRefused: when the file is opened, for one without a line, or in the midst of a
        workbook that breaks off."""
        await self._start(await checking.open(self._order()))
        await self._carry_on(checking)
        if not self._job.lines_read:
            raise FileRefused(Failure.EMPTY)

    def _order(self) -> Order:
        job = self._job
        return Order(
            format=job.format,
            line=job.line,
            position=job.position,
            import_id=job.id,
            as_of=job.as_of,
            today=today(),
            jurisdiction=job.region,
            vault=self._database.vault,
            batch=self._batch,
        )

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
                file.flush()
                return
            content = await asyncio.to_thread(
                self._database.vault.open_bytes, sealed, file_place(self._job.id, part)
            )
            file.write(content)
            part += 1

    async def _start(self, total: int) -> None:
        async with self._transaction() as tx:
            tag = await tx.execute(_START, self._job.id, total, tx.now)
        if tag != "UPDATE 1":
            raise Overtaken()

    async def _carry_on(self, checking: CheckingApart | CheckingHere) -> None:
        ahead = asyncio.create_task(self._next(checking, self._written))
        try:
            while prepared := await ahead:
                if prepared.before is not self._written:  # that was decided anew
                    prepared = await self._decided(prepared.batch, self._written)
                ahead = asyncio.create_task(self._next(checking, prepared.decision))
                await self._write(prepared)
        finally:
            ahead.cancel()
            with suppress(asyncio.CancelledError):
                await ahead

    async def _next(
        self, checking: CheckingApart | CheckingHere, before: Decision
    ) -> _Prepared | None:
        """The next batch, checked and decided while the one `before` is being written; None at the
        end of the file."""
        batch = await checking.next()
        if batch is None:
            return None
        return await self._decided(await self._known(batch, checking), before)

    async def _decided(self, batch: Batch, before: Decision) -> _Prepared:
        """Looked around for and decided, as if the one `before` were written."""
        async with self._transaction() as tx:
            seen = await look_around(batch.good, frozenset(), tx, ahead=True)
        around = surrounded(batch.good, seen, before, self._job.id)
        decision = await asyncio.to_thread(decide, batch.good, around, self._job.id)
        return _Prepared(batch, decision, before, around.to_lock)

    async def _known(self, batch: Batch, checking: CheckingApart | CheckingHere) -> Batch:
        """The batch without the lines that name regions which do not exist."""
        if not batch.codes:
            return batch
        async with self._transaction() as tx:
            wrong = batch.codes - await known_regions(batch.codes, tx)
            if not wrong:
                return batch
            abolished = {row["code"] for row in await tx.fetch(_ABOLISHED, sorted(wrong), tx.today)}
        return await checking.again(
            {
                code: Reason.ABOLISHED_REGION if code in abolished else Reason.UNKNOWN_REGION
                for code in wrong
            }
        )

    async def _write(self, prepared: _Prepared) -> None:
        decision = None if prepared.to_lock else prepared.decision
        elsewhere: frozenset[TakenKey] = frozenset()
        careful = False
        for _ in range(_COLLISIONS):
            try:
                await self._attempt(prepared.batch, decision, elsewhere, careful)
                return
            except Collided as collided:
                elsewhere |= collided.keys
            except UniqueViolationError:
                careful = True
            decision = None  # somebody was faster: look again
        raise RuntimeError("a batch kept colliding")

    async def _attempt(
        self,
        batch: Batch,
        decision: Decision | None,
        elsewhere: frozenset[TakenKey],
        careful: bool,
    ) -> None:
        job = self._job
        async with self._transaction() as tx:
            await tx.execute(f"{_NO_WAIT}; {BY_INDEX}")
            if decision is None:
                around = await look_around(batch.good, elsewhere, tx)
                decision = await asyncio.to_thread(decide, batch.good, around, job.id)
            await write(decision, batch, job, tx, careful=careful)
            await advance(decision, batch, job, tx)
        self._written = decision
        job.line, job.position = batch.line, batch.position
        job.lines_read += len(batch.good) + len(batch.refused)

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
        """Nothing more can be read: what was taken in by then stays."""
        async with self._transaction() as tx:
            job = await tx.require(Import, self._job.id, lock=True)
            if job.status not in (ImportStatus.WAITING, ImportStatus.RUNNING):
                raise Overtaken()
            job.status = ImportStatus.FAILED if job.lines_read else ImportStatus.REFUSED
            job.finished_at = tx.now
            job.failure, job.failure_columns = refused.failure.value, refused.columns
            await close(job, tx)
