"""The job behind a change of the map: puts planned ones in force on their day, and re-codes who
lives there, batch by batch.

A session lock on the change tells the replicas apart; it ends with the connection, so a change
whose process was killed is taken up by another at the last committed batch.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import structlog

from services.registry.errors import ImpossibleChange
from services.registry.region_changes.handlers import begin_change, fail_change
from services.registry.region_changes.models import RegionChange
from services.registry.region_changes.recoding import STAGES, Done, recoding_of
from services.registry.region_changes.rules import ChangeStatus
from services.registry.regions.queries import forget_known_regions
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.tasks import end

log = structlog.get_logger()

BATCH = 500
# Other replicas remember for five minutes which codes are known: what they let in until then under
# an old code is re-coded as well.
LATECOMERS = timedelta(minutes=10)
_SWEEP_SECONDS = 60.0
_LOCK = 0x524547  # "REG": the class of this worker's advisory locks
_IDLE_SECONDS = 0.5


@asynccontextmanager
async def changing_regions(parts: Parts) -> AsyncIterator[None]:
    """Runs a worker beside the service."""
    task = asyncio.create_task(RegionChangeWorker(parts.database, parts.actor).run())
    try:
        yield
    finally:
        await end(task)


class RegionChangeWorker:
    """Looks for changes to carry out. Acts for the county whose map it is, never more widely."""

    def __init__(self, database: Database, actor: Actor, *, batch: int = BATCH) -> None:
        self._database = database
        self._actor = actor
        self._batch = batch

    async def run(self) -> None:
        """Until cancelled."""
        swept = 0.0
        while True:
            worked = False
            try:
                worked = await self.work_once()
                if asyncio.get_running_loop().time() - swept > _SWEEP_SECONDS:
                    await self.sweep()
                    swept = asyncio.get_running_loop().time()
            except Exception as error:  # the database is away, or two wait for each other: go on
                log.warning("region-change-paused", error=type(error).__name__)
                await asyncio.sleep(2)
            if not worked:
                await asyncio.sleep(_IDLE_SECONDS)

    async def work_once(self) -> bool:
        """Carry out one change that is due and that nobody else is at. Returns whether there was
        one; one that cannot go on holds up none of the others."""
        async with self._database.transaction(self._actor) as tx:
            rows = await tx.fetch(
                "SELECT id FROM region_changes WHERE status IN ('planned', 'applying')"
                " AND effective_on <= $1 ORDER BY effective_on, id LIMIT 20",
                tx.today,
            )
        stuck: Exception | None = None
        for row in rows:
            try:
                if await self._claimed(row["id"]):
                    return True
            except Exception as error:
                log.warning("change-stuck", change_id=str(row["id"]), error=type(error).__name__)
                stuck = error
        if stuck is not None:
            raise stuck
        return False

    async def _claimed(self, change_id: UUID) -> bool:
        async with self._database.acquire() as connection:
            locked = "SELECT pg_try_advisory_lock($1, hashtext($2))"
            if not await connection.fetchval(locked, _LOCK, str(change_id)):
                return False
            try:
                await self._carry_out(change_id)
            finally:
                if not connection.is_closed():
                    await connection.execute(
                        "SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK, str(change_id)
                    )
        return True

    async def _carry_out(self, change_id: UUID) -> None:
        change = await self._begun(change_id)
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
        async with self._database.transaction(self._actor) as tx:
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

    async def sweep(self) -> None:
        """Re-code what came in under an old code after its change was applied."""
        async with self._database.transaction(self._actor) as tx:
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
        async with self._database.transaction(actor, correlation_id=str(change.id)) as tx:
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
