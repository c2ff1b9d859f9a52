"""Both buses keep the same promises: one suite, run against PostgreSQL and against Apache Kafka."""

import asyncio
import secrets
import sys
from asyncio.subprocess import Process
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from shared.bus import Bus, BusUnavailable, Message, Received
from tests.shared.bus_steps import (
    Server,
    by_partition,
    collect,
    collect_numbers,
    commit_all,
    kafka_server,
    messages,
    numbers,
    opened,
    postgres_server,
)

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bus_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of our own, since it is stopped now and then."""
    with postgres_server(tmp_path_factory.mktemp("bus")) as server:
        yield server


@pytest.fixture(scope="module")
def bus_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker of our own, since it is stopped now and then."""
    with kafka_server(tmp_path_factory.mktemp("bus")) as server:
        yield server


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> Server:
    name = {"embedded": "bus_postgres", "kafka": "bus_kafka"}[request.param]
    chosen = request.getfixturevalue(name)
    assert isinstance(chosen, Server)
    return chosen


@pytest.fixture
async def bus(server: Server) -> AsyncIterator[Bus]:
    async with opened(server) as bus:
        yield bus


@pytest.fixture
async def other_bus(server: Server) -> AsyncIterator[Bus]:
    """Like the bus of another process: it shares nothing with the first in memory."""
    async with opened(server) as bus:
        yield bus


@pytest.fixture
def topic() -> str:
    return f"test.{secrets.token_hex(6)}"


async def test_order_per_key_under_concurrent_publishers(
    server: Server, bus: Bus, other_bus: Bus, topic: str
) -> None:
    async def publish(own: Bus, name: str) -> None:
        for start in range(0, 200, 20):
            batch = messages(topic, 20, keys=5, start=start)
            await own.publish([Message(topic, f"{name}-{m.key}", m.value) for m in batch])

    buses = [bus, other_bus, bus, other_bus]
    async with bus.subscribe("order", [topic]) as subscription, asyncio.TaskGroup() as tasks:
        for place, own in enumerate(buses):
            tasks.create_task(publish(own, str(place)))
        received = await collect(subscription, 800)
    keys: dict[str, list[int]] = defaultdict(list)
    for message in received:
        keys[message.key].append(int(message.value))
    assert len(keys) == 20
    for key, values in keys.items():
        assert values == list(range(int(key[-1]), 200, 5))
    for batch in by_partition(received).values():
        assert [message.offset for message in batch] == list(range(len(batch)))
    assert len({(message.key, message.partition) for message in received}) == 20


async def test_uncommitted_messages_come_again(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 100))
    async with bus.subscribe("again", [topic]) as subscription:
        received = by_partition(await collect(subscription, 100, commit=False))
        assert len(received) > 1
        for batch in received.values():
            await subscription.commit(batch[len(batch) // 2])
    rest = [m for batch in received.values() for m in batch[len(batch) // 2 + 1 :]]
    async with bus.subscribe("again", [topic]) as subscription:
        again = await collect(subscription, len(rest))
        assert await subscription.batch(timeout=0.3) == []
    assert sorted(numbers(again)) == sorted(numbers(rest))


async def test_an_older_commit_takes_nothing_back(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 10, keys=1))
    async with bus.subscribe("older", [topic]) as subscription:
        received = await collect(subscription, 10, commit=False)
        await subscription.commit(received[7])
        await subscription.commit(received[2])
    async with bus.subscribe("older", [topic]) as subscription:
        assert numbers(await collect(subscription, 2)) == [8, 9]


async def test_commits_side_by_side_all_count(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 100))
    async with bus.subscribe("beside", [topic]) as subscription:
        received = await collect(subscription, 100, commit=False)
        await asyncio.gather(*(subscription.commit(each) for each in reversed(received)))
        assert await subscription.lag() == 0
    async with bus.subscribe("beside", [topic]) as subscription:
        assert await subscription.batch(timeout=0.5) == []
        assert await subscription.lag() == 0


async def test_seek_back_delivers_again(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 10, keys=1))
    async with bus.subscribe("seek", [topic]) as subscription:
        received = await collect(subscription, 10, commit=False)
        await subscription.commit(received[3])
        await subscription.seek_back(received[6])
        again = await collect(subscription, 4, commit=False)
        assert numbers(again) == [6, 7, 8, 9]
        await subscription.seek_back(again[0])
        assert numbers(await collect(subscription, 4)) == [6, 7, 8, 9]
        assert await subscription.lag() == 0


async def test_each_group_starts_at_the_oldest_message(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 30))
    for group in ("one", "two"):
        async with bus.subscribe(group, [topic]) as subscription:
            assert sorted(numbers(await collect(subscription, 30))) == list(range(30))
    await bus.publish(messages(topic, 5, start=30))
    async with bus.subscribe("one", [topic]) as subscription:
        assert sorted(numbers(await collect(subscription, 5))) == list(range(30, 35))


async def test_several_topics_in_one_subscription(bus: Bus, topic: str) -> None:
    topics = [f"{topic}.{n}" for n in range(3)]
    async with bus.subscribe("several", topics) as subscription:
        await bus.publish([message for name in topics for message in messages(name, 20)])
        received = await collect(subscription, 60)
    assert Counter(message.topic for message in received) == dict.fromkeys(topics, 20)


async def test_lag_counts_what_is_not_committed(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 50))
    async with bus.subscribe("lag", [topic]) as subscription:
        assert await subscription.lag() == 50
        received = await collect(subscription, 50, commit=False)
        assert await subscription.lag() == 50
        await commit_all(subscription, received)
        assert await subscription.lag() == 0
        await bus.publish(messages(topic, 3))
        assert await subscription.lag() == 3


async def test_a_batch_keeps_to_its_limit_and_its_time(bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 100))
    async with bus.subscribe("limit", [topic]) as subscription:
        received = await collect(subscription, 100, limit=3)
        assert sorted(numbers(received)) == list(range(100))
        clock = asyncio.get_running_loop().time
        began = clock()
        assert await subscription.batch(timeout=0.5) == []
        assert clock() - began >= 0.5


async def test_bytes_arrive_as_they_were(bus: Bus, topic: str) -> None:
    values = [b"\xff\x00\xfe not UTF-8", b"", secrets.token_bytes(1 << 20), "到达".encode()]
    await bus.publish([Message(topic, "键", value) for value in values])
    with pytest.raises(ValueError, match="1048577 bytes"):
        await bus.publish([Message(topic, "键", bytes((1 << 20) + 1))])
    async with bus.subscribe("bytes", [topic]) as subscription:
        received = await collect(subscription, len(values))
    assert [message.value for message in received] == values
    assert {message.key for message in received} == {"键"}


async def test_much_at_once_stays_in_order(bus: Bus, topic: str) -> None:
    """More than fits into one statement, one request or one fetch."""
    many = [Message(topic, "key", bytes([n]) * 700_000) for n in range(30)]
    await bus.publish(many)
    async with bus.subscribe("much", [topic]) as subscription:
        received = await collect(subscription, 30)
    assert [message.value[0] for message in received] == list(range(30))


async def test_a_second_member_gets_its_share(bus: Bus, other_bus: Bus, topic: str) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(bus.subscribe("share", [topic]))
        await bus.publish(messages(topic, 200))
        await collect_numbers(set(range(100)), first)
        joining = asyncio.create_task(
            stack.enter_async_context(other_bus.subscribe("share", [topic]))
        )
        while not joining.done():
            await commit_all(first, await first.batch(timeout=0.1))
        second = await joining
        for start in range(1000, 20_000, 1000):  # until the partitions have moved
            await bus.publish(messages(topic, 200, start=start))
            seen = await collect_numbers(set(range(start, start + 200)), first, second)
            if all(50 <= len(set(some)) <= 150 for some in seen):
                return
        pytest.fail(f"the shares stay {[len(some) for some in seen]}")


async def test_members_beyond_the_partitions_wait(bus: Bus, topic: str) -> None:
    """Nine members for eight partitions: one has nothing to do, and nothing is lost."""
    async with AsyncExitStack() as stack:
        members = [stack.enter_async_context(bus.subscribe("crowd", [topic])) for _ in range(9)]
        joined = await asyncio.gather(*members)
        await bus.publish(messages(topic, 100))
        await collect_numbers(set(range(100)), *joined)


@asynccontextmanager
async def other_process(server: Server, group: str, topic: str) -> AsyncIterator[Process]:
    """A process that is about to join, and is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.shared.bus_member", server.kind, server.address, group, topic),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def test_a_killed_member_is_succeeded(server: Server, bus: Bus, topic: str) -> None:
    """Another process takes its share, is killed, and all it had not committed comes to us."""
    async with bus.subscribe("killed", [topic]) as subscription:
        mine: list[int] = []
        theirs: set[str] = set()
        count = 0
        async with other_process(server, "killed", topic) as process, asyncio.timeout(60):
            assert process.stdout is not None
            while not theirs:
                await bus.publish(messages(topic, 100, start=count))
                count += 100
                batch = await subscription.batch()
                mine += numbers(batch)
                await commit_all(subscription, batch)
                await _drain(process.stdout, theirs)
        missing = set(range(count)) - set(mine)
        assert missing
        await collect_numbers(missing, subscription)


async def _drain(stream: asyncio.StreamReader, lines: set[str]) -> None:
    """What the other process has received by now."""
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.1):
                line = (await stream.readline()).decode()
            if line.startswith("got "):
                lines.add(line)


@pytest.mark.slow
async def test_an_outage_ends(server: Server, bus: Bus, other_bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 10))
    async with other_bus.subscribe("outage", [topic]) as subscription:
        received = await collect(subscription, 10)
        async with bus.subscribe("leaving", [topic]) as leaving:
            await collect(leaving, 10)
            await asyncio.to_thread(server.stop)
            assert await leaving.batch(timeout=1) == []
        try:
            for own in (bus, bus, other_bus):
                with pytest.raises(BusUnavailable):
                    await own.publish(messages(topic, 10, start=10))
            assert await subscription.batch(timeout=0.2) == []
            with pytest.raises(BusUnavailable):
                async with bus.subscribe("late", [topic]):
                    pass
        finally:
            await asyncio.to_thread(server.start)
        await bus.publish(messages(topic, 10, start=20))
        await other_bus.publish(messages(topic, 10, start=30))
        wanted = set(range(20, 40))
        (seen,) = await collect_numbers(wanted, subscription)
        assert sorted(numbers(received)) == list(range(10))
        assert wanted <= set(seen)


async def test_a_bus_may_be_opened_before_its_server_runs(server: Server, topic: str) -> None:
    await asyncio.to_thread(server.stop)
    try:
        async with opened(server) as bus:
            await asyncio.to_thread(server.start)
            await bus.publish(messages(topic, 1))
    finally:
        await asyncio.to_thread(server.start)


async def test_a_revoked_commit_is_ignored(bus: Bus, other_bus: Bus, topic: str) -> None:
    await bus.publish(messages(topic, 100))
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(bus.subscribe("revoked", [topic]))
        received = await collect(first, 100, commit=False)
        foreign = Received(topic, received[0].partition, 10**6, "", b"")
        await first.commit(foreign)  # never delivered
        await first.commit(Received("elsewhere", 0, 0, "", b""))
        await first.seek_back(Received("elsewhere", 0, 0, "", b""))
        joined = asyncio.create_task(
            stack.enter_async_context(other_bus.subscribe("revoked", [topic]))
        )
        while not joined.done():
            await first.batch(timeout=0.2)
        await commit_all(first, received)  # with Kafka, half of it is not ours any more
