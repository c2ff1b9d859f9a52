"""The job behind a change of the map: puts planned ones in force on their day, and re-codes who
lives there, batch by batch (shared/jobs.py)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from uuid import UUID

from services.registry.errors import ImpossibleChange
from services.registry.region_changes.handlers import begin_change, fail_change
from services.registry.region_changes.models import RegionChange
from services.registry.region_changes.recoding import STAGES, Done, recoding_of
from services.registry.region_changes.rules import ChangeStatus
from services.registry.regions.queries import forget_known_regions
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.jobs import Worker, working

BATCH = 500
# Other replicas remember for five minutes which codes are known: what they let in until then under
# an old code is re-coded as well.
LATECOMERS = timedelta(minutes=10)


def changing_regions(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs a worker beside the service."""
    return working(RegionChangeWorker(parts.database, parts.actor))


class RegionChangeWorker(Worker):
    """Looks for changes to carry out. Acts for the county whose map it is, never more widely."""

    kind = "region-change"
    lock = 0x524547  # "REG"
    tidies_every = timedelta(minutes=1)

    def __init__(self, database: Database, actor: Actor, *, batch: int = BATCH) -> None:
        super().__init__(database, actor)
        self._actor = actor
        self._batch = batch

    async def due(self, tx: Tx) -> Sequence[UUID]:
        rows = await tx.fetch(
            "SELECT id FROM region_changes WHERE status IN ('planned', 'applying')"
            " AND effective_on <= $1 ORDER BY effective_on, id LIMIT 20",
            tx.today,
        )
        return [row["id"] for row in rows]

    async def carry(self, job_id: UUID) -> None:
        change = await self._begun(job_id)
        forget_known_regions()  # in this process; the request that changed the map may be another's
        if change is None:
            return
        stage, after = change.stage, change.position
        while stage < STAGES:
            async with self._as_county(change) as tx:
                recoding = await recoding_of(change, tx)
                done = await recoding.batch(stage, after, self._batch, tx)
                stage = stage if done.last else stage + 1
                stage, after = stage if recoding.areas else STAGES, done.last
                await _advance(change.id, stage, after, done, tx)

    async def _begun(self, change_id: UUID) -> RegionChange | None:
        """The change, in force by now; None when there is nothing to do for it."""
        async with self.database.transaction(self._actor) as tx:
            change = await tx.require(RegionChange, change_id)
        try:
            async with self._as_county(change) as tx:
                change = await tx.require(RegionChange, change_id, lock=True)
                if change.status == ChangeStatus.PLANNED:
                    await begin_change(change, tx)
        except ImpossibleChange as problem:
            async with self._as_county(change) as tx:
                await fail_change(await tx.require(RegionChange, change_id, lock=True), problem, tx)
            return None
        return change if change.status == ChangeStatus.APPLYING else None

    async def tidy(self) -> None:
        """Re-code what came in under an old code after its change was applied."""
        async with self.database.transaction(self._actor) as tx:
            changes = await tx.find(
                RegionChange,
                "SELECT * FROM region_changes WHERE status = 'applied' AND applied_at > $1",
                tx.now - LATECOMERS,
            )
        for change in changes:
            for stage in range(STAGES):
                after: UUID | None = None
                while True:
                    async with self._as_county(change) as tx:
                        recoding = await recoding_of(change, tx)
                        done = await recoding.batch(stage, after, self._batch, tx)
                    after = done.last
                    if after is None:
                        break

    @asynccontextmanager
    async def _as_county(self, change: RegionChange) -> AsyncIterator[Tx]:
        actor = Actor(change.recorded_by, "", change.recorded_org, change.county, frozenset())
        async with self.database.transaction(actor, correlation_id=str(change.id)) as tx:
            yield tx


async def _advance(change_id: UUID, stage: int, after: UUID | None, done: Done, tx: Tx) -> None:
    """In the transaction of the batch itself: what is counted is done, and done once."""
    over = stage == STAGES
    await tx.execute(
        "UPDATE region_changes SET stage = $2, position = $3, people_done = people_done + $4,"
        " rows_done = rows_done + $5, unplaced = unplaced + $6,"
        " status = CASE WHEN $7 THEN 'applied' ELSE status END,"
        " finished_at = CASE WHEN $7 THEN $8::timestamptz END WHERE id = $1",
        change_id,
        stage,
        after,
        done.people,
        done.rows,
        done.unplaced,
        over,
        tx.now,
    )
