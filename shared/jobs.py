"""Work in the background (后台作业). A `Worker` carries on jobs, which are rows of a table;
`repeating` takes short steps now and then, each a transaction.

A session lock on the job tells the replicas apart; it ends with the connection, so a job whose
process was killed is taken up at once by another, at the last commit. What a job does, and what
becomes of one that fails, is its feature's: see services/registry/imports/worker.py.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import structlog

from shared.actors import Actor
from shared.app import Parts
from shared.connections import Connection
from shared.db import Database, Tx
from shared.problems import Unavailable
from shared.tasks import end
from shared.usage import Purpose

log = structlog.get_logger()

_OUTAGE_SECONDS = 2.0
_AFTER_TROUBLE = 60.0
_LONGEST_PAUSE = timedelta(minutes=10)


def pause_after(failures: int) -> timedelta:
    """How long a job rests that failed so many times in a row: seconds, then up to ten minutes."""
    return min(timedelta(seconds=2 * 4.0 ** min(failures, 10)), _LONGEST_PAUSE)


class Worker(ABC):
    """Looks for jobs of one kind and does them one at a time, beside a service.

    Finding work has to see jobs asked for from above the county too, so `finder` acts for the
    whole province; `carry` should act under the jurisdiction of whoever asked.
    """

    kind: ClassVar[str]  # names the job in the log, and the worker whom `tx.call` wakes
    lock: ClassVar[int]  # the class of its advisory locks
    idle: ClassVar[float] = 0.5  # seconds between looks when there was nothing to do
    tidies_every: ClassVar[timedelta] = timedelta(hours=1)

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database = database
        self.finder = Actor(actor.sub, actor.name, actor.org, actor.region[:2], frozenset())
        self._tidied = datetime.min.replace(tzinfo=UTC)
        self._resting: dict[UUID, tuple[int, float]] = {}  # failures in a row, until when
        self._called = database.listen(self.kind)

    @abstractmethod
    async def due(self, tx: Tx) -> Sequence[UUID]:
        """The jobs that could be carried on now, the most urgent first."""

    @abstractmethod
    async def carry(self, job_id: UUID) -> None:
        """Carry a job on, to its end if possible. Nobody else does meanwhile."""

    async def note_failure(self, job_id: UUID, error: Exception, tx: Tx) -> None:
        """Keep why it failed and when to try again, where the table has a place for that. Without
        one the job rests in this process, longer each time."""
        failures = self._resting.get(job_id, (0, 0.0))[0] + 1
        rest = pause_after(failures - 1).total_seconds()
        self._resting[job_id] = failures, time.monotonic() + rest

    async def tidy(self) -> None:
        """Delete what was kept long enough."""
        return

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            worked = False
            self._called.clear()
            try:
                worked = await self.work_once()
                await self.sweep()
            except Exception as error:  # the database is away: go on later
                log.warning(f"{self.kind}-paused", error=type(error).__name__)
                await asyncio.sleep(_OUTAGE_SECONDS)
            if not worked:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._called.wait(), self.idle)

    async def work_once(self) -> bool:
        """Do one job that is due and that nobody else is doing. Returns whether there was one.
        Raises Unavailable; every other error is the job's own, and noted there."""
        async with self.database.transaction(self.finder) as tx:
            jobs = await self.due(tx)
        for job_id in jobs:
            if time.monotonic() < self._resting.get(job_id, (0, 0.0))[1]:
                continue
            async with self.database.acquire() as connection:
                if await self._claimed(job_id, connection):
                    return True
        return False

    async def sweep(self) -> None:
        """Tidy up, when that was not done for `tidies_every`."""
        now = datetime.now(UTC)
        if now - self._tidied >= self.tidies_every:
            await self.tidy()
            self._tidied = now

    async def _claimed(self, job_id: UUID, connection: Connection) -> bool:
        take = "SELECT pg_try_advisory_lock($1, hashtext($2))"
        if not await connection.fetchval(take, self.lock, str(job_id)):
            return False
        try:
            await self._try(job_id)
        finally:
            if not connection.is_closed():
                await connection.execute(
                    "SELECT pg_advisory_unlock($1, hashtext($2))", self.lock, str(job_id)
                )
        return True

    async def _try(self, job_id: UUID) -> None:
        try:
            await self.carry(job_id)
            self._resting.pop(job_id, None)
        except Unavailable:
            raise  # an outage is nobody's fault, and waited out
        except Exception as error:
            log.warning(f"{self.kind}-stuck", job_id=str(job_id), error=type(error).__name__)
            async with self.database.transaction(self.finder) as tx:
                await self.note_failure(job_id, error, tx)


Step = Callable[[Tx], Awaitable[object]]


@asynccontextmanager
async def repeating(
    parts: Parts,
    name: str,
    *steps: Step,
    every: float,
    batch: int | None = None,
    purpose: Purpose | None = None,
) -> AsyncIterator[None]:
    """Takes each step beside the service, in a transaction of its own and as the service itself, at
    the start and every so many seconds. One that did a whole `batch` is taken again at once. Rows
    that another replica is at are for the step to skip. An outage only delays."""

    async def take(step: Step) -> None:
        done: object = None
        while done is None or (batch is not None and done == batch):
            async with parts.database.transaction(parts.actor, purpose=purpose) as tx:
                done = await step(tx) or 0

    async def run() -> None:
        while True:
            pause = every
            try:
                for step in steps:
                    await take(step)
            except Exception as error:
                log.warning(f"{name}-paused", error=type(error).__name__)
                pause = min(every, _AFTER_TROUBLE)
            await asyncio.sleep(pause)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        await end(task)


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Runs a worker beside the service."""
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await end(task)
