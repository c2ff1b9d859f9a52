"""Searches as jobs: in a process of their own, one at a time, begun anew after a crash."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from services.registry.duplicates import program
from services.registry.duplicates import worker as module
from services.registry.duplicates.handlers import cancel_search, search_duplicates
from services.registry.duplicates.model import VERSION
from services.registry.duplicates.models import DuplicateSearch
from services.registry.duplicates.pairs import note_looks
from services.registry.duplicates.program import Overtaken, Program, Task
from services.registry.duplicates.schemas import SearchDuplicates
from services.registry.duplicates.worker import ATTEMPTS, DuplicateWorker
from services.registry.persons.handlers import register_person
from services.registry.persons.schemas import RegisterPerson
from services.registry.settings import Settings
from shared.db import Database, Tx
from shared.testing import Issuer, make_actor, service_settings
from shared.usage import Purpose
from tests.conftest import Cluster
from tests.registry.places import number
from tests.registry.samples import make_person

FIRST = {"id_number": number("19900101", 112)}
NO_NUMBER = {"id_number": None}
LOOK = "duplicate-search"
STRANGER = {"name": "李娜", "id_number": number("19850505", 224), "birth_date": "1985-05-05"}


@pytest.fixture
async def database(database: Database, cluster: Cluster) -> AsyncIterator[Database]:
    yield database
    await cluster.empty("registry")


@pytest.fixture
async def settings(cluster: Cluster, issuer: Issuer) -> Settings:
    dsn = await cluster.database("registry")
    return Settings(
        **service_settings("registry", dsn, issuer, linkage_memory_mib=1024, linkage_threads=1)
    )


@pytest.fixture
def worker(database: Database, settings: Settings) -> DuplicateWorker:
    return DuplicateWorker(database, make_actor(), settings)


async def registered(database: Database, **said: Any) -> UUID:
    async with database.transaction(make_actor()) as tx:
        return (await register_person(RegisterPerson(**make_person(phone=None) | said), tx)).id


async def asked(database: Database, region: str | None = None) -> UUID:
    async with database.transaction(make_actor(), purpose=Purpose.DATA_QUALITY) as tx:
        return (await search_duplicates(SearchDuplicates(region=region), "en", tx)).id


async def search_of(database: Database, search_id: UUID) -> DuplicateSearch:
    async with database.transaction(make_actor()) as tx:
        return await tx.require(DuplicateSearch, search_id)


async def queue(database: Database) -> list[dict[str, Any]]:
    async with database.transaction(make_actor()) as tx:
        return [dict(row) for row in await tx.fetch("SELECT * FROM duplicates ORDER BY id")]


async def test_a_search_fills_the_queue(database: Database, worker: DuplicateWorker) -> None:
    first = await registered(database, **FIRST)
    second = await registered(database, **NO_NUMBER)
    third = await registered(database, **STRANGER)
    search_id = await asked(database)
    assert await worker.search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.failure, search.stage) == ("finished", None, None)
    assert (search.total, search.compared, search.found, search.known) == (3, 3, 1, 0)
    assert search.model == VERSION
    assert (search.peak_mib or 0) > 50
    (pair,) = await queue(database)
    assert (pair["first_id"], pair["second_id"]) == (first, second)
    assert pair["search_id"] == search_id
    assert pair["evidence"][:3] == ["same-name", "same-birth-date", "id-number-missing"]
    # everybody whose number was opened can see that
    async with database.transaction(make_actor()) as tx:
        looks = await tx.fetch(
            "SELECT subject_id, purpose, actor_sub FROM usage_entries"
            " WHERE kind = 'duplicate-search'"
        )
    assert {row["subject_id"] for row in looks} == {first, second, third}
    assert {(row["purpose"], row["actor_sub"]) for row in looks} == {
        ("data-quality", make_actor().sub)
    }
    # again: known, none new; and nothing is left to do
    again = await asked(database)
    assert await worker.search_once()
    search = await search_of(database, again)
    assert (search.found, search.known, search.lapsed) == (0, 1, 0)
    assert not await worker.search_once()


async def test_a_search_keeps_to_its_region_and_lapses_what_is_gone(
    database: Database, worker: DuplicateWorker
) -> None:
    await registered(database, **FIRST)
    second = await registered(database, **NO_NUMBER)
    elsewhere = {"region": "420325101001", "kind": "usual", "since": "2020-05-01"}
    await registered(database, **NO_NUMBER, hukou_region="420325101001", residence=elsewhere)
    town = await asked(database, "420325100")
    assert await worker.search_once()
    assert (await search_of(database, town)).total == 2
    assert len(await queue(database)) == 1
    async with database.transaction(make_actor()) as tx:
        await tx.execute(
            "UPDATE persons SET name = '赵雅', birth_date = '1971-07-17', sex = '1' WHERE id = $1",
            second,
        )
    again = await asked(database, "420325100")
    assert await worker.search_once()
    assert (await search_of(database, again)).lapsed == 1
    assert [pair["status"] for pair in await queue(database)] == ["lapsed"]


async def test_a_county_of_one_has_no_pairs(database: Database, worker: DuplicateWorker) -> None:
    await registered(database, **FIRST)
    search_id = await asked(database)
    assert await worker.search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.total, search.found) == ("finished", 1, 0)


async def test_one_search_runs_at_a_time(
    database: Database, worker: DuplicateWorker, settings: Settings
) -> None:
    await registered(database, **FIRST)
    search_id = await asked(database)
    other = DuplicateWorker(database, make_actor(), settings)
    done = await asyncio.gather(worker.search_once(), other.search_once())
    assert sorted(done) == [False, True]
    assert (await search_of(database, search_id)).attempts == 1


def children() -> list[psutil.Process]:
    return [
        each
        for each in psutil.Process().children()
        if "services.registry.duplicates.program" in each.cmdline()
    ]


async def started(worker: DuplicateWorker) -> tuple["asyncio.Task[bool]", psutil.Process]:
    """A search under way, and its process."""
    task = asyncio.create_task(worker.search_once())
    while not (found := children()):
        await asyncio.sleep(0.01)
        assert not task.done()
    return task, found[0]


async def test_a_killed_process_is_begun_anew(database: Database, worker: DuplicateWorker) -> None:
    await registered(database, **FIRST)
    await registered(database, **NO_NUMBER)
    search_id = await asked(database)
    task, process = await started(worker)
    process.send_signal(signal.SIGKILL)
    assert await task
    search = await search_of(database, search_id)
    assert (search.status, search.attempts) == ("running", 1)
    assert await queue(database) == []
    assert await worker.search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.attempts, search.found) == ("finished", 2, 1)


async def test_one_that_always_breaks_is_given_up(
    database: Database, worker: DuplicateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROGRAM", "no.such.program")
    search_id = await asked(database)
    for _ in range(ATTEMPTS):
        assert await worker.search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.failure) == ("failed", "crashed")
    assert not await worker.search_once()


async def test_the_process_ends_with_its_parent(
    database: Database, worker: DuplicateWorker
) -> None:
    """Ending the worker ends the process; so does the end of its standard input alone."""
    await registered(database, **FIRST)
    search_id = await asked(database)
    task, process = await started(worker)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert (await search_of(database, search_id)).status == "running"  # for the next worker
    assert await worker.search_once()
    assert (await search_of(database, search_id)).status == "finished"


async def test_keys_and_people_are_in_no_argument_environment_or_file(
    database: Database,
    worker: DuplicateWorker,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("YIPAN_FIELD_KEY", settings.field_key.get_secret_value())
    await registered(database, **FIRST)
    await registered(database, **NO_NUMBER)
    await asked(database)
    before = set(os.listdir(".")), set(os.listdir(tmp_path.parent))
    task, process = await started(worker)
    key = settings.field_key.get_secret_value()
    while not task.done():
        try:
            said = " ".join([*process.cmdline(), *process.environ().values()])
            files = [each.path for each in process.open_files()]
        except psutil.Error:
            break
        assert key not in said
        assert not [path for path in files if path.endswith((".duckdb", ".tmp", ".wal"))]
        await asyncio.sleep(0.05)
    assert await task
    assert (set(os.listdir(".")), set(os.listdir(tmp_path.parent))) == before


async def test_a_cancelled_search_writes_nothing(
    database: Database, worker: DuplicateWorker
) -> None:
    await registered(database, **FIRST)
    await registered(database, **NO_NUMBER)
    search_id = await asked(database)
    task, _ = await started(worker)
    async with database.transaction(make_actor()) as tx:
        await cancel_search(search_id, "en", tx)
    assert await task
    assert (await search_of(database, search_id)).status == "cancelled"
    assert await queue(database) == []


def task_of(search: DuplicateSearch, settings: Settings, **said: Any) -> Task:
    return Task(
        **{
            "search_id": search.id,
            "attempt": search.attempts,
            "region": search.region,
            "least_weight": search.least_weight,
            "began_at": search.created_at,
            "actor_sub": "clerk-1",
            "actor_name": "clerk",
            "actor_org": "org-test",
            "purpose": Purpose.DATA_QUALITY,
            "case_reference": None,
            "database_url": settings.database_url.get_secret_value(),
            "field_key": settings.field_key.get_secret_value(),
            "index_key": settings.index_key.get_secret_value(),
            "cipher": settings.cipher,
            "source": "/test",
            "memory_mib": 512,
            "threads": 1,
        }
        | said
    )


async def test_a_process_given_up_for_dead_comes_too_late(
    database: Database, settings: Settings
) -> None:
    """Another attempt has begun meanwhile: this one may not write."""
    await registered(database, **FIRST)
    await registered(database, **NO_NUMBER)
    search_id = await asked(database)
    async with database.transaction(make_actor()) as tx:
        await tx.execute("UPDATE duplicate_searches SET status = 'running', attempts = 2")
    search = await search_of(database, search_id)
    with pytest.raises(Overtaken):
        await Program(task_of(search, settings, attempt=1)).run()
    assert await queue(database) == []
    await Program(task_of(search, settings)).run()
    assert len(await queue(database)) == 1
    assert (await search_of(database, search_id)).status == "finished"


async def test_who_is_read_is_noted_and_nobody_else(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is registered between the reading and the noting, which go on side by side."""
    known = {await registered(database, **FIRST), await registered(database, **NO_NUMBER)}
    search_id = await asked(database)
    async with database.transaction(make_actor()) as tx:
        await tx.execute("UPDATE duplicate_searches SET status = 'running', attempts = 1")

    async def late(region: str, tx: Tx) -> None:
        await registered(database, **STRANGER)
        await note_looks(region, tx)

    monkeypatch.setattr(program, "note_looks", late)
    await Program(task_of(await search_of(database, search_id), settings)).run()
    assert (await search_of(database, search_id)).total == 2
    async with database.transaction(make_actor()) as tx:
        looks = await tx.fetch("SELECT subject_id FROM usage_entries WHERE kind = $1", LOOK)
    assert {row["subject_id"] for row in looks} == known


async def test_too_little_memory_fails_with_that_reason(
    database: Database, worker: DuplicateWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(database, **FIRST)
    await registered(database, **NO_NUMBER)
    search_id = await asked(database)
    plain = worker._task

    def small(*args: Any) -> Task:
        return plain(*args).model_copy(update={"memory_mib": 1})

    monkeypatch.setattr(worker, "_task", small)
    assert await worker.search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.failure) == ("failed", "memory")
    assert await queue(database) == []
    async with database.transaction(make_actor()) as tx:  # their numbers were opened all the same
        assert await tx.fetch_value("SELECT count(*) FROM usage_entries WHERE kind = $1", LOOK) == 2
