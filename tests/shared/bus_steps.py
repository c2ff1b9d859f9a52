"""What the tests of the bus have in common: the servers, numbered messages, and members at work."""

import asyncio
import os
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from deploy.box.postgres import Postgres
from deploy.kafka.broker import KafkaBroker, kafka_available
from shared.bus import Bus, Message, Received, Subscription
from shared.bus.embedded import prepare
from tests.shared.bus_member import open_bus

PASSWORD = "bus"


@dataclass(frozen=True)
class Server:
    """What a bus runs on, at an address that stays the same when it is started again."""

    kind: str
    address: str
    start: Callable[[], None]
    stop: Callable[[], None]


@contextmanager
def postgres_server(folder: Path) -> Iterator[Server]:
    """A PostgreSQL with a prepared database, on TCP, since its socket moves with each start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"postgresql://yipan_bus:{PASSWORD}@127.0.0.1:{port}/yipan_bus"
    settings = {"listen_addresses": "127.0.0.1", "port": str(port)}
    with Postgres(folder, durable=False, settings=settings) as server:
        superuser = (server.data / "password").read_text()
        asyncio.run(_create(f"postgresql://postgres:{superuser}@127.0.0.1:{port}/postgres"))
        asyncio.run(prepare(address))
        yield Server("embedded", address, server.start, server.stop)


async def _create(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE ROLE yipan_bus LOGIN PASSWORD '{PASSWORD}'")
    await connection.execute("CREATE DATABASE yipan_bus OWNER yipan_bus")
    await connection.close()


@contextmanager
def kafka_server(folder: Path) -> Iterator[Server]:
    """A broker; without what it needs the test is skipped, or fails where it must not be."""
    if reason := kafka_available():
        if os.environ.get("YIPAN_REQUIRE_KAFKA"):
            pytest.fail(f"Kafka is required here: {reason}")
        pytest.skip(f"no Kafka: {reason}")
    with KafkaBroker(folder) as broker:
        yield Server("kafka", broker.bootstrap_servers, broker.start, broker.stop)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Bus]:
    """A bus of its own, as another process would have."""
    bus = await open_bus(server.kind, server.address)
    try:
        yield bus
    finally:
        await bus.close()


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


async def collect_numbers(wanted: set[int], *subscriptions: Subscription) -> list[list[int]]:
    """Let the members work side by side until together they have seen all the wanted numbers."""
    seen: list[list[int]] = [[] for _ in subscriptions]

    async def work(subscription: Subscription, mine: list[int]) -> None:
        while not wanted <= {number for some in seen for number in some}:
            batch = await subscription.batch(10, timeout=0.2)
            mine += numbers(batch)
            await commit_all(subscription, batch)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for subscription, mine in zip(subscriptions, seen, strict=True):
            tasks.create_task(work(subscription, mine))
    return seen
