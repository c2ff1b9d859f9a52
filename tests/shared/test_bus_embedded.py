"""What only the embedded bus promises: exact handovers, fencing, sweeping, its tables."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from shared.bus import Bus, BusUnavailable, Subscription
from shared.bus.embedded import EmbeddedBus, partition_of, prepare
from shared.bus.embedded_member import share
from tests.shared.bus_steps import (
    Server,
    collect,
    collect_numbers,
    commit_all,
    messages,
    numbers,
    postgres_server,
)


@pytest.fixture(scope="module")
def bus_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of our own: every message in it is ours."""
    with postgres_server(tmp_path_factory.mktemp("bus")) as server:
        yield server


@pytest.fixture
def topic() -> str:
    return f"test.{secrets.token_hex(6)}"


@asynccontextmanager
async def embedded(server: Server) -> AsyncIterator[tuple[EmbeddedBus, asyncpg.Connection]]:
    bus = await EmbeddedBus.connect(server.address)
    connection = await asyncpg.connect(server.address)
    try:
        yield bus, connection
    finally:
        await connection.close()
        await bus.close()


HOLDERS = "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"


async def test_a_member_without_its_session_is_fenced(bus_postgres: Server, topic: str) -> None:
    async with AsyncExitStack() as stack:
        bus, connection = await stack.enter_async_context(embedded(bus_postgres))
        await bus.publish(messages(topic, 50))
        first = await stack.enter_async_context(bus.subscribe("fence", [topic]))
        received = await collect(first, 50, commit=False)
        for row in await connection.fetch(HOLDERS):
            await connection.execute("SELECT pg_terminate_backend($1)", row["pid"])
        second = await stack.enter_async_context(bus.subscribe("fence", [topic]))
        again = await collect(second, 50, commit=False)
        assert sorted(numbers(again)) == list(range(50))
        with pytest.raises(BusUnavailable):  # it finds out
            await commit_all(first, received)
        await first.batch(timeout=0)
        await commit_all(first, received)  # and joins under a new name, to which nothing was given
        assert await second.lag() == 50
        await commit_all(second, again)
        assert await second.lag() == 0
        await bus.publish(messages(topic, 100, start=50))
        seen = await collect_numbers(set(range(50, 150)), first, second)
        assert sum(map(len, seen)) == 100  # and once it has its share again, nothing comes twice


async def test_a_handover_repeats_nothing(bus_postgres: Server, topic: str) -> None:
    """A member that commits between batches gives partitions up without a message twice."""
    async with AsyncExitStack() as stack:
        bus, _ = await stack.enter_async_context(embedded(bus_postgres))
        members: list[Subscription] = []
        seen: Counter[int] = Counter()
        for start in range(0, 900, 300):
            members.append(await stack.enter_async_context(bus.subscribe("handover", [topic])))
            publishing = asyncio.create_task(_trickle(bus, topic, start, 300))
            wanted = set(range(start, start + 300))
            for some in await collect_numbers(wanted, *members):
                seen.update(some)
            await publishing
        assert set(seen.values()) == {1}
        assert len(seen) == 900


async def _trickle(bus: Bus, topic: str, start: int, count: int) -> None:
    for number in range(start, start + count, 10):
        await bus.publish(messages(topic, 10, start=number))
        await asyncio.sleep(0.05)


async def test_the_swept_are_old_and_committed_by_all(bus_postgres: Server, topic: str) -> None:
    async with embedded(bus_postgres) as (bus, _):
        await bus.sweep(timedelta(0))  # what other tests left
        await bus.publish(messages(topic, 10, keys=1))
        async with bus.subscribe("quick", [topic]) as quick, bus.subscribe("slow", [topic]) as slow:
            await collect(quick, 10)
            received = await collect(slow, 10, commit=False)
            await slow.commit(received[3])
            assert await bus.sweep() == 0
            assert await bus.sweep(timedelta(0)) == 4
            assert await bus.sweep(timedelta(0)) == 0
        async with bus.subscribe("new", [topic]) as new:
            assert numbers(await collect(new, 6)) == list(range(4, 10))
            assert await new.lag() == 0


async def test_a_topic_keeps_its_partitions(bus_postgres: Server, topic: str) -> None:
    buses = [
        await EmbeddedBus.connect(bus_postgres.address, partitions=partitions)
        for partitions in (3, 5, 3, 5)
    ]
    await asyncio.gather(*(bus.publish(messages(topic, 40)) for bus in buses))
    async with buses[0].subscribe("kept", [topic]) as subscription:
        received = await collect(subscription, 160)
    assert len({message.partition for message in received}) in (3, 5)
    assert len({(message.key, message.partition) for message in received}) == 40
    for bus in buses:
        await bus.close()


async def test_prepare_repeats_and_refuses_what_it_does_not_know(bus_postgres: Server) -> None:
    await asyncio.gather(*(prepare(bus_postgres.address) for _ in range(3)))
    async with embedded(bus_postgres) as (_, connection):
        await connection.execute("INSERT INTO bus_schema VALUES (99)")
        try:
            with pytest.raises(RuntimeError, match="version 99"):
                await prepare(bus_postgres.address)
        finally:
            await connection.execute("DELETE FROM bus_schema WHERE version = 99")


async def test_a_log_made_anew_is_filled_again(bus_postgres: Server, topic: str) -> None:
    async with embedded(bus_postgres) as (bus, connection):
        async with bus.subscribe("anew", [topic]) as subscription:
            await bus.publish(messages(topic, 10))
            await collect(subscription, 10)
            await connection.execute("DELETE FROM bus_groups WHERE topic = $1", topic)
            await connection.execute("DELETE FROM bus_partitions WHERE topic = $1", topic)
            with pytest.raises(BusUnavailable):
                await bus.publish(messages(topic, 10, start=10))
            await bus.publish(messages(topic, 10, start=20))
        async with bus.subscribe("anew", [topic]) as subscription:
            assert sorted(numbers(await collect(subscription, 10))) == list(range(20, 30))


def test_a_key_falls_where_it_always_fell() -> None:
    assert [partition_of(f"key-{n}", 8) for n in range(6)] == [4, 2, 0, 6, 5, 3]
    assert partition_of("键", 8) == 4


def test_shares_are_fair() -> None:
    assert share({1: 5}, 100, 0) == {1: 5}
    assert share({1: 5, 2: 1000, 3: 1000}, 100, 0) == {1: 5, 2: 48, 3: 47}
    assert sum(share(dict.fromkeys(range(8), 50), 100, 7).values()) == 100
    served = [next(iter(share(dict.fromkeys(range(3), 50), 1, turn))) for turn in range(6)]
    assert served == [0, 1, 2, 0, 1, 2]
