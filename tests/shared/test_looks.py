"""Statements that are a transaction of their own: a look leaves its entry, the second wall stands,
and nothing of one caller is left on the connection for the next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.registry.persons.models import Person
from shared.clock import today
from shared.connections import LOST, Connections
from shared.datatracker import FIRST
from shared.db import Database, Tx
from shared.ids import new_id
from shared.problems import Unavailable
from shared.testing import EVENT_VAULT, VAULT, make_actor
from shared.usage import Purpose
from tests.conftest import Cluster

HERE = make_actor(region="420325")
ELSEWHERE = make_actor(region="420381")
PEOPLE = "SELECT id, name FROM persons WHERE name = $1"
SIZE = 4


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    dsn = await cluster.database("registry")
    await cluster.empty("registry")
    made = await Database.connect(
        dsn, size=SIZE, vault=VAULT, event_vault=EVENT_VAULT, source="/test"
    )
    yield made
    await made.close()


def person(region: str = "420325100001") -> Person:
    moment = datetime.now(UTC)
    return Person(
        id=new_id(),
        name="王小明",
        sex="1",
        birth_date=today(),
        nationality="01",
        hukou_region=region,
        created_at=moment,
        updated_at=moment,
    )


async def entered(database: Database, count: int) -> list[UUID]:
    people = [person() for _ in range(count)]
    async with database.transaction(HERE) as tx:
        await tx.add(*people)
    return [each.id for each in people]


async def entries(database: Database) -> list[asyncpg.Record]:
    return await database.pool.fetch("SELECT * FROM usage_entries ORDER BY id")


async def count(tx: Tx) -> int:
    row = await tx.peek("SELECT count(*) AS people FROM persons")
    assert row is not None and not tx.begun
    return int(row["people"])


async def test_a_look_reads_and_leaves_its_entry_in_one_statement(database: Database) -> None:
    (id_,) = await entered(database, 1)
    why = {"purpose": Purpose.SERVICE, "case_reference": "A-1"}
    async with database.transaction(HERE, **why) as tx:
        (row,) = await tx.look(PEOPLE, "王小明", kind="person")
        assert not tx.begun
    assert (row["id"], row["name"]) == (id_, "王小明")
    (entry,) = await entries(database)
    assert entry["subject_id"] == id_
    assert (entry["actor_sub"], entry["actor_org"]) == (HERE.sub, HERE.org)
    assert (entry["purpose"], entry["case_reference"]) == ("service", "A-1")
    assert (entry["kind"], entry["at"]) == ("person", tx.now)


async def test_without_its_entry_there_is_no_look(database: Database) -> None:
    await entered(database, 1)
    nothing: Any = None
    with pytest.raises(asyncpg.NotNullViolationError):
        async with database.transaction(HERE) as tx:
            await tx.look(PEOPLE, "王小明", kind=nothing)
    assert await entries(database) == []


async def test_a_look_sees_what_the_jurisdiction_lets_it(database: Database) -> None:
    await entered(database, 2)
    for _ in range(8):  # also by the plan that is kept after some
        async with database.transaction(ELSEWHERE) as tx:
            assert await tx.look(PEOPLE, "王小明", kind="person") == []
            assert await count(tx) == 0
        async with database.transaction(HERE) as tx:
            assert len(await tx.look(PEOPLE, "王小明", kind="person")) == 2
            assert await count(tx) == 2
    assert len(await entries(database)) == 16


async def test_a_page_notes_whom_it_shows_and_not_who_comes_next(database: Database) -> None:
    ids = await entered(database, 3)
    async with database.transaction(HERE) as tx:
        found = await tx.look(PEOPLE, "王小明", kind="person", noted=2)
    assert [row["id"] for row in found] == ids
    assert [entry["subject_id"] for entry in await entries(database)] == ids[:2]


async def test_the_first_of_many_entries_is_found_without_reading_them(database: Database) -> None:
    """They are never deleted: a county has hundreds of millions in the end."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    await database.pool.execute(
        "INSERT INTO usage_entries (subject_id, at, actor_sub, actor_org, purpose, kind)"
        " SELECT gen_random_uuid(), $1::timestamptz + n * interval '1 day', 's', 'o', 'p', 'k'"
        " FROM generate_series(0, 999) AS n",
        since,
    )
    assert await database.pool.fetchval(FIRST) == since
    plan = await database.pool.fetch(f"EXPLAIN {FIRST}")
    assert "usage_entries_pkey" in "".join(line[0] for line in plan)


async def test_nothing_of_a_caller_stays_on_the_connection(database: Database) -> None:
    await entered(database, 1)
    async with database.acquire() as connection:
        first = connection.get_server_pid()
    async with database.transaction(HERE) as tx:
        await tx.look(PEOPLE, "王小明", kind="person")
    async with database.acquire() as connection:
        assert connection.get_server_pid() == first
        assert await connection.fetchval("SELECT current_setting('yipan.region', true)") == ""
        assert await connection.fetch("SELECT FROM persons") == []


async def test_after_a_look_the_transaction_goes_on_as_any_other(database: Database) -> None:
    await entered(database, 1)
    with pytest.raises(RuntimeError):
        async with database.transaction(HERE) as tx:
            await tx.look(PEOPLE, "王小明", kind="person")
            await tx.add(person())
            assert tx.begun
            assert len(await tx.look(PEOPLE, "王小明", kind="person")) == 2
            raise RuntimeError
    assert len(await entries(database)) == 1, "the look before it began is on record; the other not"
    async with database.transaction(HERE) as tx:
        assert await count(tx) == 1


async def test_what_is_written_last_and_alone_obeys_the_second_wall(database: Database) -> None:
    async with database.transaction(HERE) as tx:
        tx.add_last(person())
        tx.saw(new_id(), "person")
    assert not tx.begun
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(HERE) as tx:
            tx.add_last(person("420381100001"))
            tx.saw(new_id(), "person")
    assert len(await entries(database)) == 1
    async with database.transaction(HERE) as tx:
        assert await count(tx) == 1


async def test_whoever_waits_for_a_connection_gets_one_in_turn(database: Database) -> None:
    served: list[int] = []

    async def work(number: int) -> None:
        async with database.acquire() as connection:
            served.append(number)
            await connection.fetchval("SELECT pg_sleep(0.005)")

    async with asyncio.timeout(10):
        await asyncio.gather(*(work(number) for number in range(20 * SIZE)))
        async with database.pool.acquire() as one, database.pool.acquire() as other:
            assert one is not other, "half of them are never kept from the pool"
    late = served[2 * SIZE :]  # the first had to connect
    assert late == sorted(late)


async def test_who_gives_up_waiting_keeps_nothing_from_the_others(database: Database) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(SIZE):
            await stack.enter_async_context(database.acquire())
        waiting = [asyncio.create_task(database.connections.take()) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    held = await asyncio.wait_for(waiting[1], 5)
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    await database.connections.give_back(held)
    async with AsyncExitStack() as stack, asyncio.timeout(5):
        for _ in range(SIZE):
            await stack.enter_async_context(database.acquire())


async def test_what_was_given_to_who_gave_up_goes_to_the_next(database: Database) -> None:
    taken = [await database.connections.take() for _ in range(SIZE)]
    waiting = [asyncio.create_task(database.connections.take()) for _ in range(2)]
    await asyncio.sleep(0)
    await database.connections.give_back(taken.pop())  # to the first, which has not run yet
    waiting[0].cancel()
    taken.append(await asyncio.wait_for(waiting[1], 5))
    assert waiting[0].cancelled()
    for each in taken:
        await database.connections.give_back(each)


async def test_a_place_of_a_broken_connection_is_not_lost(database: Database) -> None:
    taken = [await database.connections.take() for _ in range(SIZE)]
    waiting = asyncio.create_task(database.connections.take())
    await asyncio.sleep(0)
    taken[0].terminate()
    await database.connections.give_back(taken.pop(0))
    fresh = await asyncio.wait_for(waiting, 5)
    assert await fresh.fetchval("SELECT 1") == 1
    for each in (*taken, fresh):
        await database.connections.give_back(each)


async def test_closing_waits_for_those_in_use_and_keeps_none_at_hand(cluster: Cluster) -> None:
    made = await Connections.connect(await cluster.database("registry"), SIZE)
    used = await made.take()
    closing = asyncio.create_task(made.close())
    await asyncio.sleep(0.05)
    await made.give_back(used)
    await asyncio.wait_for(closing, 5)


async def test_who_may_make_a_connection_and_finds_it_made_waits_on(database: Database) -> None:
    taken = [await database.connections.take() for _ in range(SIZE)]
    waiting = asyncio.create_task(database.connections.take())
    await asyncio.sleep(0)
    taken[0].terminate()
    await database.connections.give_back(taken.pop(0))  # leaves room, which the next takes at once
    taken.append(await database.connections.take())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await database.connections.give_back(taken.pop())
    taken.append(await asyncio.wait_for(waiting, 5))
    for each in taken:
        await database.connections.give_back(each)


async def test_a_copy_is_the_same_transaction(database: Database) -> None:
    async with database.transaction(HERE) as tx:
        await replace(tx, now=datetime.now(UTC)).add(person())
        assert tx.begun
    async with database.transaction(HERE) as tx:
        assert await count(tx) == 1


async def test_a_connection_lost_at_hand_is_replaced(database: Database, cluster: Cluster) -> None:
    await entered(database, 1)
    async with database.acquire() as connection:
        gone = connection.get_server_pid()
    owner = await asyncpg.connect(cluster.postgres.dsn("yipan_registry"))
    await owner.execute("SELECT pg_terminate_backend($1)", gone)
    await owner.close()
    async with asyncio.timeout(5):
        while True:  # until the loss has been heard of
            try:
                async with database.acquire() as connection:
                    if await connection.fetchval("SELECT pg_backend_pid()") != gone:
                        break
            except (Unavailable, *LOST):
                await asyncio.sleep(0.01)


async def test_a_connection_that_idled_too_long_is_made_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.acquire() as connection:
        first = connection.get_server_pid()
    monkeypatch.setattr("shared.connections.IDLE_SECONDS", 0.0)
    async with database.acquire() as connection:
        assert connection.get_server_pid() != first


async def test_a_look_whose_caller_has_gone_leaves_a_good_connection(database: Database) -> None:
    await entered(database, 1)
    slow = f"SELECT id FROM ({PEOPLE}) AS found, pg_sleep(5)"

    async def look() -> None:
        async with database.transaction(HERE) as tx:
            await tx.look(slow, "王小明", kind="person")

    looking = asyncio.create_task(look())
    await asyncio.sleep(0.2)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    async with asyncio.timeout(3), database.transaction(HERE) as tx:
        assert len(await tx.look(PEOPLE, "王小明", kind="person")) == 1
    assert len(await entries(database)) == 1, "of the one who stayed"


async def test_a_session_lock_goes_with_who_was_cancelled(
    database: Database, cluster: Cluster
) -> None:
    async def hold() -> None:
        async with database.acquire() as connection:
            await connection.execute("SELECT pg_advisory_lock(7)")
            await asyncio.sleep(60)

    other = await asyncpg.connect(cluster.owner("registry"))
    holding = asyncio.create_task(hold())
    async with asyncio.timeout(5):
        while await other.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") < 1:
            await asyncio.sleep(0.01)
        holding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holding
        while not await other.fetchval("SELECT pg_try_advisory_lock(7)"):
            await asyncio.sleep(0.01)
    await other.close()
