"""The embedded bus: a durable log in a PostgreSQL database of its own.

A topic has a fixed number of partitions, and a key always falls into the same one. A publisher
takes offsets from the partition's row and keeps that row locked until its commit, so offsets have
no gaps and appear in order: whoever has read offset n has been shown everything below n.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import asyncpg
import structlog
from asyncpg import Pool, Record

from shared.bus import MAX_BYTES, BusUnavailable, Message
from shared.bus import embedded_sql as sql
from shared.bus.embedded_member import LOST, WAIT_SECONDS, Heads, Member, make_topic, unavailable

log = structlog.get_logger()

PARTITIONS = 8
KEEP = timedelta(days=7)

_CHUNK_BYTES = 8 << 20  # of values in one statement
_SWEEP_SECONDS = 3600.0


async def prepare(dsn: str) -> None:
    """Make the bus's tables in its database, if they are not there.

    Raises RuntimeError when they are of a later version than this program knows.
    """
    connection = await asyncpg.connect(dsn, timeout=WAIT_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute(sql.LOCK_SCHEMA)
            await connection.execute("CREATE TABLE IF NOT EXISTS bus_schema (version integer)")
            version = await connection.fetchval("SELECT max(version) FROM bus_schema")
            if version is None:
                await connection.execute(sql.SCHEMA)
                await connection.execute("INSERT INTO bus_schema VALUES ($1)", sql.SCHEMA_VERSION)
            elif version > sql.SCHEMA_VERSION:
                raise RuntimeError(f"the bus's tables have version {version}, later than ours")
    finally:
        await connection.close()


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[Record]
else:
    _Connection = asyncpg.Connection  # not generic at run time


class _PlainConnection(_Connection):
    """Without asyncpg's reset query, which would cost every publish a round trip for nothing."""

    def get_reset_query(self) -> str:
        return ""


class EmbeddedBus:
    """A Bus over prepared tables. One a process: what it publishes wakes its own members."""

    def __init__(self, dsn: str, pool: "Pool[Record]", partitions: int) -> None:
        self._dsn = dsn
        self._pool = pool
        self._partitions = partitions
        self._topics: dict[str, int] = {}  # how many partitions each has
        self._heads = Heads()
        self._sweeper = asyncio.create_task(self._sweep_hourly())

    @classmethod
    async def connect(cls, dsn: str, *, partitions: int = PARTITIONS) -> Self:
        """A bus that reaches for the database when it is first used, and again after an outage.

        `partitions` is for topics that do not exist yet.
        """
        pool = await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=4,
            connection_class=_PlainConnection,
            timeout=WAIT_SECONDS,
            command_timeout=WAIT_SECONDS,
        )
        return cls(dsn, pool, partitions)

    async def close(self) -> None:
        """End the background work and the connections; the members have left by now."""
        self._sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._sweeper
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._pool.close()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append all, in order per key; they are durable on return.

        Raises BusUnavailable, and then some may be in the log; ValueError for a value over 1 MiB,
        and then none is.
        """
        for message in messages:
            if len(message.value) > MAX_BYTES:
                raise ValueError(f"{len(message.value)} bytes in one message on {message.topic}")
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                for chunk in _chunks(messages):
                    await self._append(chunk)
        except LOST as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> AsyncIterator[Member]:
        """Join a group; a new one starts at the oldest message. Raises BusUnavailable."""
        member = Member(self._dsn, self._heads, group, topics, self._partitions)
        try:
            await member.join()
            yield member
        finally:
            await member.leave()

    async def sweep(self, keep: timedelta = KEEP) -> int:
        """Delete what is older than `keep` and committed by every group of its topic.

        Returns the number of messages. Raises what asyncpg raises.
        """
        swept = 0
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                # One sweep at a time, and no new group between finding and deleting the oldest.
                await connection.execute("LOCK TABLE bus_groups IN SHARE ROW EXCLUSIVE MODE")
                tag = await connection.execute(sql.SWEEP, keep)
            count = int(tag.removeprefix("DELETE "))
            swept += count
            if count == 0:
                return swept

    async def _sweep_hourly(self) -> None:
        while True:
            try:
                if swept := await self.sweep():
                    log.info("bus-swept", messages=swept)
            except (*LOST, asyncpg.PostgresError) as error:
                log.warning("bus-sweep-failed", error=type(error).__name__)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _append(self, messages: Sequence[Message]) -> None:
        places = [
            (message.topic, partition_of(message.key, await self._size(message.topic)))
            for message in messages
        ]
        heads = await self._pool.fetch(
            sql.APPEND,
            [topic for topic, _ in places],
            [partition for _, partition in places],
            [message.key for message in messages],
            [message.value for message in messages],
        )
        if len(heads) < len(set(places)):  # the database was made anew behind our back
            self._topics.clear()
            raise BusUnavailable("topics have vanished")
        self._heads.learn(heads)

    async def _size(self, topic: str) -> int:
        """The number of partitions of a topic, which is created if need be."""
        if topic not in self._topics:
            async with self._pool.acquire() as connection, connection.transaction():
                self._topics[topic] = await make_topic(connection, topic, self._partitions)
        return self._topics[topic]


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, the same in every process and version."""
    return zlib.crc32(key.encode()) % partitions


def _chunks(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Runs of messages whose values fit into one statement."""
    start, size = 0, 0
    for place, message in enumerate(messages):
        if place > start and size + len(message.value) > _CHUNK_BYTES:
            yield messages[start:place]
            start, size = place, 0
        size += len(message.value)
    if start < len(messages):
        yield messages[start:]
