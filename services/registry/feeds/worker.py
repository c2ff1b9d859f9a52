"""The worker: takes batches one at a time through comparing, applying and withdrawing.

A session lock on the batch tells the replicas apart and ends with the connection, so a batch whose
process was killed is taken up by another at the last committed step.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from services.registry.feeds.jobs import Comparing, Job, Overtaken
from services.registry.feeds.models import WORKED_ON, Feed, FeedStatus
from services.registry.feeds.profiles import load_profiles
from services.registry.feeds.steps import Applying, Withdrawing
from shared.actors import Actor
from shared.app import Parts
from shared.db import Connection, Database
from shared.tasks import end

log = structlog.get_logger()

KEEP_CELLS = timedelta(days=30)
_LOCK = 0x464545  # "FEE": the class of this worker's advisory locks
_IDLE_SECONDS = 0.5
_STEPS: dict[str, type[Job]] = {
    FeedStatus.WAITING: Comparing,
    FeedStatus.COMPARING: Comparing,
    FeedStatus.APPLYING: Applying,
    FeedStatus.WITHDRAWING: Withdrawing,
}
# What a clerk still has to decide keeps its line; a dry run nobody applied is called off.
_ERASE = """
UPDATE feed_lines AS l SET cells_sealed = NULL FROM feeds AS f
WHERE f.id = l.feed_id AND f.finished_at < $1 AND l.cells_sealed IS NOT NULL
  AND NOT EXISTS (SELECT FROM tasks AS t
                  WHERE t.source = 'feed-line' AND t.source_id = l.id AND t.settled_at IS NULL)
"""
_CALL_OFF = """
UPDATE feeds SET status = 'cancelled', finished_at = $2
WHERE status = 'compared' AND compared_at < $1
"""


@asynccontextmanager
async def reconciling(parts: Parts) -> AsyncIterator[None]:
    """Loads the shipped profiles and runs a worker beside the service."""
    worker = FeedWorker(parts.database, parts.actor)
    with suppress(Exception):  # the database is away: the worker tries again
        await worker.prepare()
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await end(task)


class FeedWorker:
    """Looks for batches to work on. Acts under each batch's own jurisdiction, never a wider one."""

    def __init__(self, database: Database, actor: Actor, *, batch: int = 500) -> None:
        self._database = database
        self._actor = actor
        self._batch = batch
        self._finder = Actor(actor.sub, actor.name, actor.org, actor.region[:2], frozenset())
        self._prepared = False
        self._swept = datetime.min.replace(tzinfo=UTC)

    async def prepare(self) -> None:
        """Enter the profiles that ship, once."""
        if not self._prepared:
            async with self._database.transaction(self._actor) as tx:
                await load_profiles(tx)
            self._prepared = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            worked = False
            try:
                await self.prepare()
                worked = await self.work_once()
                await self.sweep()
            except Exception as error:  # the database is away, or a file is a riddle: go on later
                log.warning("feeds-paused", error=type(error).__name__)
                await asyncio.sleep(2)
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def work_once(self) -> bool:
        """Do one step of a batch that nobody else is at. Returns whether there was one. One that
        cannot go on holds up none of the others; its error is raised when nothing else was done."""
        async with self._database.transaction(self._finder) as tx:
            rows = await tx.fetch(
                "SELECT id FROM feeds WHERE status = ANY($1) ORDER BY created_at LIMIT 20",
                [status.value for status in WORKED_ON],
            )
        stuck: Exception | None = None
        for row in rows:
            try:
                async with self._database.acquire() as connection:
                    if await self._claimed(row["id"], connection):
                        return True
            except Exception as error:
                log.warning("feed-stuck", feed_id=str(row["id"]), error=type(error).__name__)
                stuck = error
        if stuck is not None:
            raise stuck
        return False

    async def _claimed(self, feed_id: UUID, connection: Connection) -> bool:
        locked = "SELECT pg_try_advisory_lock($1, hashtext($2))"
        if not await connection.fetchval(locked, _LOCK, str(feed_id)):
            return False
        try:
            async with self._database.transaction(self._finder) as tx:
                feed = await tx.require(Feed, feed_id)
            step = _STEPS.get(feed.status)
            if step is not None:
                with suppress(Overtaken):
                    await step(feed, self._database, self._batch).run()
        finally:
            if not connection.is_closed():
                await connection.execute(
                    "SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK, str(feed_id)
                )
        return True

    async def sweep(self) -> None:
        """Once an hour, erase the cells of batches that ended longer ago than KEEP_CELLS."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(hours=1):
            return
        async with self._database.transaction(self._finder) as tx:
            await tx.execute(_CALL_OFF, now - KEEP_CELLS, now)
            await tx.execute(_ERASE, now - KEEP_CELLS)
        self._swept = now
