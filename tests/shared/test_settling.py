"""Looks side by side wait for the disk together, and no answer leaves before its entry is there."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from shared.connections import Connections
from shared.db import Database
from shared.ids import new_id
from shared.problems import Unavailable
from shared.testing import EVENT_VAULT, VAULT, make_actor
from tests.conftest import Cluster

HERE = make_actor(region="420325")
SOMEBODY = "SELECT $1::uuid AS id"
SIZE = 4


class Counted(Connections):
    """Counts how often the disk is waited for."""

    waits = 0

    async def _write_out(self, waiting: Sequence[None]) -> Sequence[None]:
        self.waits += 1
        return await super()._write_out(waiting)


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    """Of a server that commits as in a county, not as in other tests."""
    dsn = await cluster.database("registry")
    await cluster.empty("registry")
    connections = await Counted.connect(
        f"{dsn}{'&' if '?' in dsn else '?'}synchronous_commit=on", SIZE
    )
    made = Database(connections, VAULT, EVENT_VAULT, "/test")
    yield made
    await made.close()


@pytest.fixture
async def operator(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.owner("registry"))
    yield connection
    await connection.close()


def waits(database: Database) -> int:
    assert isinstance(database.connections, Counted)
    return database.connections.waits


async def look(database: Database) -> None:
    async with database.transaction(HERE) as tx:
        await tx.look(SOMEBODY, new_id(), kind="person")


async def entries(database: Database) -> int:
    return int(await database.pool.fetchval("SELECT count(*) FROM usage_entries"))


async def test_a_look_alone_waits_in_its_own_statement(database: Database) -> None:
    async with database.transaction(HERE) as tx:
        await tx.look(SOMEBODY, new_id(), kind="person")
        assert not tx.unsettled
    assert (await entries(database), waits(database)) == (1, 0)


async def test_a_look_in_company_is_on_disk_when_it_is_answered(
    database: Database, operator: asyncpg.Connection
) -> None:
    async with database.transaction(HERE):
        async with database.transaction(HERE) as tx:
            await tx.look(SOMEBODY, new_id(), kind="person")
            assert tx.unsettled
            written = await operator.fetchval("SELECT pg_current_wal_insert_lsn()")
        assert await operator.fetchval("SELECT pg_current_wal_flush_lsn()") >= written
    assert (await entries(database), waits(database)) == (1, 1)


async def test_looks_side_by_side_share_a_wait(database: Database) -> None:
    await asyncio.gather(*(look(database) for _ in range(40)))
    assert await entries(database) == 40
    assert 0 < waits(database) < 40


async def test_what_cannot_be_put_on_disk_is_not_answered(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "shared.connections._WRITE_OUT", "SELECT pg_terminate_backend(pg_backend_pid())"
    )
    async with database.transaction(HERE):
        with pytest.raises(Unavailable):
            await look(database)
    monkeypatch.undo()
    await look(database)


async def test_a_look_within_a_transaction_goes_with_its_commit(database: Database) -> None:
    async with database.transaction(HERE):
        async with database.transaction(HERE) as tx:
            await tx.begin()
            await tx.look(SOMEBODY, new_id(), kind="person")
            assert await tx.fetch_value("SELECT current_setting('synchronous_commit')") == "on"
        async with database.transaction(HERE) as tx:
            await tx.look(SOMEBODY, new_id(), kind="person")
            assert tx.unsettled
            await tx.execute("SELECT 1")
            assert await tx.fetch_value("SELECT current_setting('synchronous_commit')") == "on"
            assert not tx.unsettled, "its commit waits"
        async with database.transaction(HERE) as tx:
            await tx.look(SOMEBODY, new_id(), kind="person")
            tx.saw(new_id(), "person")
        assert not tx.unsettled, "what was written last has waited"
    assert (await entries(database), waits(database)) == (4, 0)


async def test_who_fails_after_a_look_waits_for_nothing(database: Database) -> None:
    async with database.transaction(HERE):
        with pytest.raises(RuntimeError):
            async with database.transaction(HERE) as tx:
                await tx.look(SOMEBODY, new_id(), kind="person")
                raise RuntimeError
    assert (await entries(database), waits(database)) == (1, 0)


async def test_those_who_wait_at_the_end_are_told_to_come_again(cluster: Cluster) -> None:
    connections = await Connections.connect(await cluster.database("registry"), 1)
    async with connections.acquire():
        settling = asyncio.create_task(connections.settle())
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(connections.close())
        with pytest.raises(Unavailable):
            await settling
    await closing
