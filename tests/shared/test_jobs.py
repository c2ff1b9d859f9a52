"""Background work: one worker a job, a failing job rests, an outage is waited out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from shared.actors import service_actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.ids import new_id
from shared.jobs import Worker, pause_after, repeating, working
from shared.problems import Unavailable
from shared.testing import VAULT
from tests.conftest import Cluster

SERVICE = service_actor("registry", "county-420325", "420325")


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    dsn = await cluster.database("registry")
    database = await Database.connect(dsn, size=8, vault=VAULT, event_vault=VAULT, source="test")
    yield database
    await database.close()


class Counting(Worker):
    """Carries the same jobs for ever, and counts; fails with what it is told to."""

    kind = "counting"
    lock = 0x434E54
    idle = 0.01

    def __init__(self, database: Database, jobs: Sequence[UUID]) -> None:
        super().__init__(database, SERVICE)
        self.jobs = jobs
        self.carried: list[UUID] = []
        self.failing: dict[UUID, Exception] = {}
        self.hold = asyncio.Event()
        self.hold.set()
        self.tidied = 0

    async def due(self, tx: Tx) -> Sequence[UUID]:
        return self.jobs

    async def carry(self, job_id: UUID) -> None:
        await self.hold.wait()
        if job_id in self.failing:
            raise self.failing[job_id]
        self.carried.append(job_id)

    async def tidy(self) -> None:
        self.tidied += 1


async def test_two_workers_never_carry_one_job(database: Database) -> None:
    job = new_id()
    first, second = Counting(database, [job]), Counting(database, [job])
    first.hold.clear()
    at_work = asyncio.create_task(first.work_once())
    await asyncio.sleep(0.1)
    assert not await second.work_once()
    first.hold.set()
    assert await at_work
    assert await second.work_once()
    assert (first.carried, second.carried) == ([job], [job])


async def test_a_failing_job_rests_and_holds_up_no_other(database: Database) -> None:
    bad, good = new_id(), new_id()
    worker = Counting(database, [bad, good])
    worker.failing[bad] = ValueError("riddle")
    assert await worker.work_once()
    assert worker.carried == []
    assert await worker.work_once()
    assert worker.carried == [good]
    worker.jobs = [bad]
    assert not await worker.work_once()


async def test_who_is_called_looks_at_once_after_the_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "idle", 60.0)
    worker = Counting(database, [])
    async with working(worker), asyncio.timeout(10):
        await asyncio.sleep(0.1)  # it has looked, and found nothing
        worker.jobs = [new_id()]
        async with database.transaction(SERVICE) as tx:
            tx.call("another kind")
            tx.call(worker.kind)
            await asyncio.sleep(0.1)
            assert worker.carried == []
        while not worker.carried:
            await asyncio.sleep(0.01)


async def test_an_outage_is_not_the_jobs_failure(database: Database) -> None:
    job = new_id()
    worker = Counting(database, [job])
    worker.failing[job] = Unavailable()
    with pytest.raises(Unavailable):
        await worker.work_once()
    del worker.failing[job]
    assert await worker.work_once()


async def test_it_goes_on_beside_the_service_and_tidies_now_and_then(database: Database) -> None:
    worker = Counting(database, [new_id()])
    async with working(worker):
        async with asyncio.timeout(10):
            while len(worker.carried) < 3:
                await asyncio.sleep(0.01)
    assert worker.tidied == 1
    carried = len(worker.carried)
    await asyncio.sleep(0.1)
    assert len(worker.carried) == carried


async def test_steps_are_repeated_and_a_full_batch_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs._AFTER_TROUBLE", 0.01)
    parts = cast(Parts, SimpleNamespace(database=database, actor=SERVICE))
    work, other, troubles = [10, 10, 3], 0, [OSError()]

    async def full(tx: Tx) -> int:
        if troubles:
            raise troubles.pop()
        return work.pop(0) if work else 0

    async def plain(tx: Tx) -> None:
        nonlocal other
        other += 1

    async with repeating(parts, "test", full, plain, every=60.0, batch=10):
        async with asyncio.timeout(10):
            while not other:
                await asyncio.sleep(0.01)
    assert (work, other) == ([], 1)


def test_pauses_grow_and_end_at_ten_minutes() -> None:
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=2)
    assert pauses[-1] == timedelta(minutes=10)
