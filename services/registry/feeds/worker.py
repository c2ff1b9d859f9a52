"""The worker of department feeds: takes batches through comparing, applying and withdrawing, one at
a time (shared/jobs.py)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.registry.feeds.jobs import Comparing, Job, Overtaken
from services.registry.feeds.models import WORKED_ON, WORKER, Feed, FeedStatus
from services.registry.feeds.profiles import load_profiles
from services.registry.feeds.steps import Applying, Withdrawing
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.jobs import Worker, working

KEEP_CELLS = timedelta(days=30)
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
    async with working(worker):
        yield


class FeedWorker(Worker):
    """Looks for batches to work on. Acts under each batch's own jurisdiction, never a wider one."""

    kind = WORKER
    lock = 0x464545  # "FEE"

    def __init__(self, database: Database, actor: Actor, *, batch: int = 500) -> None:
        super().__init__(database, actor)
        self._actor = actor
        self._batch = batch
        self._prepared = False

    async def prepare(self) -> None:
        """Enter the profiles that ship, once."""
        if not self._prepared:
            async with self.database.transaction(self._actor) as tx:
                await load_profiles(tx)
            self._prepared = True

    async def work_once(self) -> bool:
        await self.prepare()
        return await super().work_once()

    async def due(self, tx: Tx) -> Sequence[UUID]:
        rows = await tx.fetch(
            "SELECT id FROM feeds WHERE status = ANY($1) ORDER BY created_at LIMIT 20",
            [status.value for status in WORKED_ON],
        )
        return [row["id"] for row in rows]

    async def carry(self, job_id: UUID) -> None:
        """Do one step of a batch."""
        async with self.database.transaction(self.finder) as tx:
            feed = await tx.require(Feed, job_id)
        step = _STEPS.get(feed.status)
        if step is not None:
            with suppress(Overtaken):
                await step(feed, self.database, self._batch).run()

    async def tidy(self) -> None:
        """Erase the cells of batches that ended longer ago than KEEP_CELLS."""
        now = datetime.now(UTC)
        async with self.database.transaction(self.finder) as tx:
            await tx.execute(_CALL_OFF, now - KEEP_CELLS, now)
            await tx.execute(_ERASE, now - KEEP_CELLS)
