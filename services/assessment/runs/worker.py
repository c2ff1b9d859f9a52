"""The worker: begins the run of each period that has ended, and carries it on."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from services.assessment.runs.handlers import begin_run, carry_on
from services.assessment.runs.rules import ended_before
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.jobs import Worker, working


def computing_scorecards(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs a worker beside the service."""
    return working(RunWorker(parts.database, parts.actor))


class RunWorker(Worker):
    """Acts for the county: a run judges by what the county saw and nothing wider. Its first look
    comes a minute after the service did, when that has settled."""

    kind = "scorecard-run"
    lock = 0x53435255  # "SCRU"
    idle = 60.0

    def __init__(self, database: Database, actor: Actor) -> None:
        super().__init__(database, actor)
        self.finder = self._actor = actor

    async def run(self) -> None:
        await asyncio.sleep(self.idle)
        await super().run()

    async def due(self, tx: Tx) -> Sequence[UUID]:
        for period in ended_before(tx.today):
            await begin_run(period, self._actor.region, tx)
        rows = await tx.fetch("SELECT id FROM scorecard_runs WHERE status = 'running' ORDER BY id")
        return [row["id"] for row in rows]

    async def carry(self, job_id: UUID) -> None:
        more = True
        while more:
            async with self.database.transaction(self._actor) as tx:
                more = await carry_on(job_id, tx)
