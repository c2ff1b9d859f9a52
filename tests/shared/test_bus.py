"""Both buses keep the same promises: one suite, run against PostgreSQL and against Apache Kafka."""

import asyncio
import secrets
import socket
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from deploy.box.postgres import Postgres
from deploy.kafka.broker import KafkaBroker, kafka_available
from shared.bus import Bus, BusUnavailable, Message, Received, Subscription
from shared.bus.embedded import EmbeddedBus, partition_of, prepare
from shared.bus.embedded_member import share
from tests.shared.bus_member import open_bus

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "bus"


@dataclass(frozen=True)
class Server:
    """What a bus runs on, at an address that stays the same when it is started again."""

    kind: str
    address: str
    start: Callable[[], None]
    stop: Callable[[], None]


@pytest.fixture(scope="session")
def bus_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL of our own, since it is stopped now and then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"postgresql://yipan_bus:{PASSWORD}@127.0.0.1:{port}/yipan_bus"
    settings = {"listen_addresses": "127.0.0.1", "port": str(port)}
    superuser = f"postgresql://postgres:{{}}@127.0.0.1:{port}/postgres"
    server = Postgres(tmp_path_factory.mktemp("bus"), durable=False, settings=settings)

    async def create() -> None:
        password = (server.data / "password").read_text()
        connection = await asyncpg.connect(superuser.format(password))
        await connection.execute(f"CREATE ROLE yipan_bus LOGIN PASSWORD '{PASSWORD}'")
        await connection.execute("CREATE DATABASE yipan_bus OWNER yipan_bus")
        await connection.close()
        await prepare(address)

    with server:
        asyncio.run(create())
        yield Server("embedded", address, server.start, server.stop)


@pytest.fixture(scope="session")
def bus_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A broker of our own, since it is stopped now and then."""
    if reason := kafka_available():
        pytest.skip(f"no Kafka: {reason}")
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield Server("kafka", broker.bootstrap_servers, broker.start, broker.stop)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> Server:
    name = {"embedded": "bus_postgres", "kafka": "bus_kafka"}[request.param]
    chosen = request.getfixturevalue(name)
    assert isinstance(chosen, Server)
    return chosen


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Bus]:
    bus = await open_bus(server.kind, server.address)
    try:
        yield bus
    finally:
        await bus.close()


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


def messages(topic: str, count: int, *, keys: int = 40, start: int = 0) -> list[Message]:
    """Numbered messages over so many keys."""
    numbers = range(start, start + count)
    return [Message(topic, f"key-{number % keys}", str(number).encode()) for number in numbers]


def numbers(received: Sequence[Received]) -> list[int]:
    return [int(message.value) for message in received]


def by_partition(received: Sequence[Received]) -> dict[int, list[Received]]:
    grouped: dict[int, list[Received]] = defaultdict(list)
    for message in received:
        grouped[message.partition].append(message)
    return grouped


async def commit_all(subscription: Subscription, received: Sequence[Received]) -> None:
    for batch in by_partition(received).values():
        await subscription.commit(batch[-1])


async def collect(
    subscription: Subscription, count: int, *, commit: bool = True, limit: int = 100
) -> list[Received]:
    """Batches until there are so many messages."""
    collected: list[Received] = []
    async with asyncio.timeout(60):
        while len(collected) < count:
            batch = await subscription.batch(limit)
            assert len(batch) <= limit
            collected += batch
            if commit:
                await commit_all(subscription, batch)
    return collected


async def collect_numbers(
    wanted: set[int], *subscriptions: Subscription, seconds: float = 60
) -> list[list[int]]:
    """Let the members work side by side until together they have seen all the wanted numbers."""
    seen: list[list[int]] = [[] for _ in subscriptions]

    async def work(subscription: Subscription, mine: list[int]) -> None:
        while not wanted <= {number for some in seen for number in some}:
            batch = await subscription.batch(10, timeout=0.2)
            mine += numbers(batch)
            await commit_all(subscription, batch)

    async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
        for subscription, mine in zip(subscriptions, seen, strict=True):
            tasks.create_task(work(subscription, mine))
    return seen


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


async def test_a_killed_member_is_succeeded(server: Server, bus: Bus, topic: str) -> None:
    """Another process takes its share, is killed, and all it had not committed comes to us."""
    async with bus.subscribe("killed", [topic]) as subscription:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.shared.bus_member", server.kind, server.address, "killed", topic),
            cwd=REPOSITORY,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        mine: list[int] = []
        theirs: set[str] = set()
        count = 0
        async with asyncio.timeout(60):
            while not theirs:
                await bus.publish(messages(topic, 100, start=count))
                count += 100
                batch = await subscription.batch()
                mine += numbers(batch)
                await commit_all(subscription, batch)
                await _drain(process.stdout, theirs)
        process.kill()
        await process.wait()
        missing = set(range(count)) - set(mine)
        assert missing
        await collect_numbers(missing, subscription, seconds=20)


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
        await asyncio.to_thread(server.stop)
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


# What only the embedded bus promises


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
