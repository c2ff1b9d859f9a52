"""The embedded bus: a durable log in a PostgreSQL database of its own.

A topic has a fixed number of partitions, and a key always falls into the same one. A publisher
takes offsets from the partition's row and keeps that row locked until its commit, so offsets have
no gaps and appear in order: whoever has read offset n has been shown everything below n.

Every member of a group has a session of its own and holds the advisory locks (group, member) in
it. Who holds such a lock is alive; PostgreSQL drops the locks as soon as the process is gone. From
the list of the living all members compute the same assignment. Nobody takes a partition from a
living owner: the owner lets go of it once nothing of it is delivered but not committed.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import asyncpg
import structlog
from asyncpg import Connection, Pool, Record

from shared.bus import BusUnavailable, Message, Received
from shared.bus import embedded_sql as sql

log = structlog.get_logger()

PARTITIONS = 8
MAX_BYTES = 1 << 20  # of one value
KEEP = timedelta(days=7)

_WAIT_SECONDS = 10.0  # for the database, before it counts as unavailable
_POLL_SECONDS = 0.25  # how late another process's messages may be noticed
_BALANCE_SECONDS = 1.0  # how late a member's coming or going may be noticed
_SWEEP_SECONDS = 3600.0
_CHUNK_BYTES = 8 << 20  # of values, roughly, in one statement
_SCHEMA_LOCK = 0x59425553  # "YBUS"

_SESSION = {
    # A commit lost with the database's power only means that messages are delivered again.
    "synchronous_commit": "off",
    # A member that hangs for so long is as good as dead. Kafka's own limit.
    "idle_session_timeout": "300s",
    "idle_in_transaction_session_timeout": "10s",
    # A machine that went away without a word is noticed within about ten seconds.
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}

_LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
)


async def prepare(dsn: str) -> None:
    """Make the bus's tables in its database, if they are not there.

    Raises RuntimeError when they are of a later version than this program knows.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
            await connection.execute("CREATE TABLE IF NOT EXISTS bus_schema (version integer)")
            version = await connection.fetchval("SELECT max(version) FROM bus_schema")
            if version is None:
                await connection.execute(sql.SCHEMA)
                await connection.execute("INSERT INTO bus_schema VALUES ($1)", sql.SCHEMA_VERSION)
            elif version > sql.SCHEMA_VERSION:
                raise RuntimeError(f"the bus's tables have version {version}, later than ours")
    finally:
        await connection.close()


class _PlainConnection(asyncpg.Connection[Record]):
    """Without asyncpg's reset query, which would cost every publish a round trip for nothing."""

    def get_reset_query(self) -> str:
        return ""


class EmbeddedBus:
    """A Bus over `prepare`d tables. One a process: what it publishes wakes its own members."""

    def __init__(self, dsn: str, pool: "Pool[Record]", partitions: int) -> None:
        self._dsn = dsn
        self._pool = pool
        self._partitions = partitions
        self._topics: dict[str, int] = {}  # how many partitions each has
        self._heads: dict[int, int] = {}  # next offset by partition id, as far as we know
        self._looked = float("-inf")
        self._members: set[_Member] = set()
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
            timeout=_WAIT_SECONDS,
            command_timeout=_WAIT_SECONDS,
        )
        return cls(dsn, pool, partitions)

    async def close(self) -> None:
        """End the background work and the connections; members must have left."""
        self._sweeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._sweeper
        self._pool.terminate()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append all, in order per key; durable on return. Raises BusUnavailable, then some of
        them may be in the log, and ValueError, then none is, for a value over 1 MiB."""
        for message in messages:
            if len(message.value) > MAX_BYTES:
                raise ValueError(f"a message of {len(message.value)} bytes on {message.topic}")
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                for chunk in _chunks(messages):
                    await self._append(chunk)
        except _LOST as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def subscribe(self, group: str, topics: Sequence[str]) -> "AsyncIterator[_Member]":
        """Join a group; a new one starts at the oldest message. Raises BusUnavailable."""
        member = _Member(self, group, topics)
        self._members.add(member)
        try:
            await member.join()
            yield member
        finally:
            self._members.discard(member)
            await member.leave()

    async def sweep(self, keep: timedelta = KEEP) -> int:
        """Delete the messages older than `keep` that every group of their topic has committed;
        returns how many."""
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
                log.info("bus-swept", messages=await self.sweep())
            except (*_LOST, asyncpg.PostgresError) as error:
                log.warning("bus-sweep-failed", error=type(error).__name__)
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _append(self, messages: Sequence[Message]) -> None:
        places = [
            (message.topic, partition_of(message.key, await self.make_topic(message.topic)))
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
        self._learn(heads)

    async def make_topic(self, topic: str) -> int:
        """Create the topic if it is not there; returns its number of partitions."""
        if topic not in self._topics:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _SCHEMA_LOCK)
                await connection.execute(sql.NEW_TOPIC, topic, self._partitions)
                self._topics[topic] = await connection.fetchval(
                    "SELECT count(*) FROM bus_partitions WHERE topic = $1", topic
                )
        return self._topics[topic]

    async def open_session(self) -> "Connection[Record]":
        """A connection for one member."""
        return await asyncpg.connect(
            self._dsn,
            timeout=_WAIT_SECONDS,
            command_timeout=_WAIT_SECONDS,
            server_settings=_SESSION,
        )

    async def look(self, session: "Connection[Record]") -> None:
        """See how far every partition goes now, unless some member has just looked."""
        now = asyncio.get_running_loop().time()
        if now - self._looked >= _POLL_SECONDS:
            self._looked = now
            self._learn(await session.fetch("SELECT id, next_offset FROM bus_partitions"))

    def _learn(self, heads: Iterable[Record]) -> None:
        news = False
        for partition_id, next_offset in heads:
            if next_offset > self._heads.get(partition_id, 0):
                self._heads[partition_id] = next_offset
                news = True
        if news:
            for member in self._members:
                member.news.set()

    def waiting(self, partition_id: int, position: int) -> int:
        """How many messages a partition is known to have from this position on."""
        return max(0, self._heads.get(partition_id, 0) - position)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A partition that some member of the group should own."""

    partition_id: int
    topic: str
    partition: int
    group_id: int


@dataclass(slots=True)
class _Place:
    """Where the owner of a partition stands: both are offsets of the next message."""

    position: int
    committed: int
    leaving: bool = False  # another member should have it


class _Member:
    """A Subscription. `lag` may be asked from any task, the rest belongs to one."""

    def __init__(self, bus: EmbeddedBus, group: str, topics: Sequence[str]) -> None:
        self.news = asyncio.Event()
        self._bus = bus
        self._group = group
        self._topics = sorted(set(topics))
        self._log = log.bind(group=group, part="bus")
        self._session: Connection[Record] | None = None
        self._busy = asyncio.Lock()  # a session runs one statement at a time
        self._id = 0
        self._slots: dict[int, _Slot] = {}
        self._ids: dict[tuple[str, int], int] = {}
        self._places: dict[int, _Place] = {}
        self._balance_at = 0.0
        self._turn = 0

    async def join(self) -> None:
        """Come alive and take what is free. Raises BusUnavailable."""
        try:
            for topic in self._topics:
                await self._bus.make_topic(topic)
            await self._balance(await self._open())
        except _LOST as error:
            raise _unavailable(error) from error

    async def leave(self) -> None:
        """End the session, and with it this member's part in the group."""
        session, self._session = self._session, None
        self._places.clear()
        if session is not None:
            with suppress(*_LOST):
                await session.close(timeout=2)

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        """Up to `limit` messages, in order within each partition; none after `timeout` seconds.

        While the database is away there are none, and this member joins again when it is back.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        while True:
            self.news.clear()
            received = await self._attempt(limit)
            left = end - clock()
            if received or left <= 0:
                return received
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _POLL_SECONDS)):
                    await self.news.wait()

    async def commit(self, received: Received) -> None:
        """Everything of its partition up to and including this message is done. Ignored when the
        partition has gone to another member. Raises BusUnavailable."""
        async with self._busy:
            partition_id = self._ids.get((received.topic, received.partition), 0)
            place = self._places.get(partition_id)
            if place is None or received.offset >= place.position:
                self._log.info("bus-commit-ignored", topic=received.topic)
            elif received.offset >= place.committed:
                await self._commit(partition_id, place, received.offset + 1)

    async def seek_back(self, received: Received) -> None:
        """Deliver this message and what follows it again, if the partition is still ours."""
        async with self._busy:
            place = self._places.get(self._ids.get((received.topic, received.partition), 0))
            if place is not None:
                place.position = min(place.position, received.offset)

    async def lag(self) -> int:
        """How many messages of the owned partitions are not committed. Raises BusUnavailable."""
        async with self._busy:
            if self._session is None:
                raise BusUnavailable("not in the group now")
            try:
                return int(await self._session.fetchval(sql.LAG, self._id))
            except _LOST as error:
                raise _unavailable(error) from error

    async def _attempt(self, limit: int) -> Sequence[Received]:
        async with self._busy:
            try:
                session = self._session or await self._open()
                await self._balance(session)
                await self._bus.look(session)
                return await self._read(session, limit)
            except _LOST as error:
                if self._session is not None:
                    self._log.warning("bus-session-lost", error=type(error).__name__)
                    await self.leave()
                return ()

    async def _open(self) -> "Connection[Record]":
        """A new session, alive under a new id and owning nothing."""
        session = await self._bus.open_session()
        self._session = session
        async with session.transaction():
            await session.execute(sql.NEW_GROUPS, self._group, self._topics)
            await session.execute(sql.NEW_CURSORS, self._group, self._topics)
        slots = [_Slot(*row) for row in await session.fetch(sql.SLOTS, self._group, self._topics)]
        self._slots = {slot.partition_id: slot for slot in slots}
        self._ids = {(slot.topic, slot.partition): slot.partition_id for slot in slots}
        self._id = await session.fetchval("SELECT nextval('bus_members')")
        groups = sorted({slot.group_id for slot in slots})
        await session.execute(sql.LIVE, groups, self._id)
        self._balance_at = 0.0
        return session

    async def _balance(self, session: "Connection[Record]") -> None:
        """Now and then: let go of what others should have, take what is ours and free."""
        now = asyncio.get_running_loop().time()
        if now < self._balance_at:
            return
        wanted = self._wanted(await session.fetch(sql.ALIVE))
        await self._let_go(session, wanted)
        if not wanted <= self._places.keys():
            await self._take(session)
        patient = wanted <= self._places.keys()
        self._balance_at = now + (_BALANCE_SECONDS if patient else _POLL_SECONDS)

    def _wanted(self, alive: Iterable[Record]) -> set[int]:
        """The partitions that this member should own: an equal share of each topic's."""
        members: dict[int, list[int]] = {}
        for group_id, member in alive:
            members.setdefault(group_id, []).append(member)
        return {
            slot.partition_id
            for slot in self._slots.values()
            if (peers := members.get(slot.group_id))
            and peers[slot.partition % len(peers)] == self._id
        }

    async def _let_go(self, session: "Connection[Record]", wanted: set[int]) -> None:
        for partition_id, place in self._places.items():
            place.leaving = partition_id not in wanted
        done = [
            partition_id
            for partition_id, place in self._places.items()
            if place.leaving and place.position <= place.committed
        ]
        if done:
            await session.execute(sql.LET_GO, self._id, done)
            for partition_id in done:
                del self._places[partition_id]

    async def _take(self, session: "Connection[Record]") -> None:
        groups = sorted({slot.group_id for slot in self._slots.values()})
        async with session.transaction():
            # One member of a group at a time: whoever took something before is seen alive here.
            await session.execute(sql.LOCK_GROUPS, groups)
            alive = await session.fetch(sql.ALIVE)
            missing = self._wanted(alive) - self._places.keys()
            peers = [row["member"] for row in alive]
            taken = await session.fetch(sql.TAKE, self._id, groups, list(missing), peers)
        for partition_id, committed in taken:
            self._places[partition_id] = _Place(committed, committed)

    async def _read(self, session: "Connection[Record]", limit: int) -> Sequence[Received]:
        """What is waiting in our partitions, of each its fair share of the limit."""
        waiting = {
            partition_id: count
            for partition_id, place in self._places.items()
            if not place.leaving and (count := self._bus.waiting(partition_id, place.position))
        }
        if not waiting:
            return ()
        self._turn += 1
        shares = share(waiting, limit, self._turn)
        positions = [self._places[partition_id].position for partition_id in shares]
        budget = _CHUNK_BYTES // len(shares)
        counts = list(shares.values())
        rows = await session.fetch(sql.READ, list(shares), positions, counts, budget)
        received = []
        for partition_id, offset, key, value in rows:
            slot = self._slots[partition_id]
            received.append(Received(slot.topic, slot.partition, offset, key, value))
            self._places[partition_id].position = offset + 1
        return received

    async def _commit(self, partition_id: int, place: _Place, offset: int) -> None:
        group_id = self._slots[partition_id].group_id
        assert self._session is not None  # places end with the session
        try:
            tag = await self._session.execute(sql.COMMIT, group_id, partition_id, self._id, offset)
        except _LOST as error:
            raise _unavailable(error) from error
        if tag == "UPDATE 1":
            place.committed = offset
        else:
            self._log.info("bus-commit-ignored", topic=self._slots[partition_id].topic)
            del self._places[partition_id]


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, the same in every process and version."""
    return zlib.crc32(key.encode()) % partitions


def share(waiting: Mapping[int, int], limit: int, turn: int) -> dict[int, int]:
    """Divide `limit` messages among partitions of which none has more than it has waiting.

    What the short ones leave goes to the long ones. When the limit does not reach for all,
    growing numbers of `turn` serve them in turn.
    """
    ids = sorted(waiting)
    start = turn * limit % len(ids)
    ids = ids[start:] + ids[:start]
    ids.sort(key=lambda partition_id: waiting[partition_id] > limit // len(ids))
    shares = {}
    for place, partition_id in enumerate(ids):
        fair = -(-limit // (len(ids) - place))  # rounded up
        shares[partition_id] = min(waiting[partition_id], fair)
        limit -= shares[partition_id]
    return {partition_id: count for partition_id, count in shares.items() if count}


def _chunks(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Runs of messages with no more than about _CHUNK_BYTES of values."""
    start, size = 0, 0
    for place, message in enumerate(messages):
        if size + len(message.value) > _CHUNK_BYTES and place > start:
            yield messages[start:place]
            start, size = place, 0
        size += len(message.value)
    if start < len(messages):
        yield messages[start:]


def _unavailable(error: BaseException) -> BusUnavailable:
    return BusUnavailable(f"{type(error).__name__}: {error}")
