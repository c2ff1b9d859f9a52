"""The worker that carries what-ifs on."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from services.assessment.whatifs.handlers import carry_on
from services.assessment.whatifs.models import WORKER
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.jobs import Worker, working


def trying_schemes(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Runs a worker beside the service."""
    return working(WhatIfWorker(parts.database, parts.actor))


class WhatIfWorker(Worker):
    """Acts for the county: a what-if judges by what the county saw and nothing wider."""

    kind = WORKER
    lock = 0x57484946  # "WHIF"
    idle = 2.0

    def __init__(self, database: Database, actor: Actor) -> None:
        super().__init__(database, actor)
        self.finder = self._actor = actor

    async def due(self, tx: Tx) -> Sequence[UUID]:
        rows = await tx.fetch("SELECT id FROM what_ifs WHERE status = 'running' ORDER BY id")
        return [row["id"] for row in rows]

    async def carry(self, job_id: UUID) -> None:
        more = True
        while more:
            async with self.database.transaction(self._actor) as tx:
                more = await carry_on(job_id, tx)
