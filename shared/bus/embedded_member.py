"""A member of a consumer group on the embedded bus.

It has a session (a connection) of its own and holds in it the advisory locks (group, member) of
its groups. Who holds such a lock is alive: PostgreSQL drops the locks as soon as the process is
gone. From the list of the living all members compute the same assignment. Nobody takes a
partition from a living owner, who lets go of it once everything delivered of it is committed. All
that an owner reads and commits goes through its session, so one that was declared dead is silent.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import structlog
from asyncpg import Connection, Record

from shared.bus import BusUnavailable, Received
from shared.bus import embedded_sql as sql

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    AnyConnection = Connection[Record] | PoolConnectionProxy[Record]

log = structlog.get_logger()

WAIT_SECONDS = 10.0  # for the database, before it counts as unavailable
_POLL_SECONDS = 0.25  # how late another process's messages may be noticed
_BALANCE_SECONDS = 1.0  # how late a member's coming or going may be noticed
_BATCH_BYTES = 8 << 20  # of values in one batch, roughly

LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,  # asyncpg's way to find that the server has said farewell
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
)

_SESSION = {
    # A commit that is lost when the power fails only means that messages are delivered again.
    "synchronous_commit": "off",
    # A member that hangs for so long counts as dead, as with Kafka (max.poll.interval.ms).
    "idle_session_timeout": "300s",
    "idle_in_transaction_session_timeout": "10s",
    # A machine that went away without a word is noticed within about ten seconds.
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class _Slot:
    """A partition that some member of the group should own."""

    partition_id: int
    topic: str
    partition: int
    group_id: int


@dataclass(slots=True)
class _Place:
    """Where the owner of a partition stands: both are offsets of a next message."""

    position: int
    committed: int
    leaving: bool = False  # another member should have it


class Heads:
    """How far the partitions go, shared by the members of a process so that one look serves all."""

    def __init__(self) -> None:
        self._next: dict[int, int] = {}  # next offset by partition id
        self._looked = float("-inf")
        self.listeners: set[asyncio.Event] = set()

    async def look(self, session: "Connection[Record]") -> None:
        """See how far every partition goes now, unless somebody has just done so."""
        now = asyncio.get_running_loop().time()
        if now - self._looked >= _POLL_SECONDS:
            self._looked = now
            self.learn(await session.fetch(sql.HEADS))

    def learn(self, heads: Iterable[Record]) -> None:
        """Note (partition id, next offset) rows, and wake the members if there is news."""
        news = False
        for partition_id, next_offset in heads:
            if next_offset > self._next.get(partition_id, 0):
                self._next[partition_id] = next_offset
                news = True
        if news:
            for listener in self.listeners:
                listener.set()

    def waiting(self, partition_id: int, position: int) -> int:
        """How many messages a partition has from this position on."""
        return max(0, self._next.get(partition_id, 0) - position)


class Member:
    """A Subscription. `lag` may be asked from any task, the rest belongs to one."""

    def __init__(
        self, dsn: str, heads: Heads, group: str, topics: Sequence[str], partitions: int
    ) -> None:
        self._dsn = dsn
        self._heads = heads
        self._group = group
        self._topics = sorted(set(topics))
        self._partitions = partitions  # of topics that do not exist yet
        self._log = log.bind(group=group, part="bus")
        self._news = asyncio.Event()
        self._busy = asyncio.Lock()  # a session runs one statement at a time
        self._session: Connection[Record] | None = None
        self._id = 0
        self._slots: dict[int, _Slot] = {}
        self._ids: dict[tuple[str, int], int] = {}
        self._places: dict[int, _Place] = {}
        self._balance_at = 0.0
        self._turn = 0

    async def join(self) -> None:
        """Come alive and take what is free. Raises BusUnavailable."""
        self._heads.listeners.add(self._news)
        try:
            await self._balance(await self._open())
        except LOST as error:
            raise unavailable(error) from error

    async def leave(self) -> None:
        """End the session, and with it this member's part in the group."""
        self._heads.listeners.discard(self._news)
        await self._forget()

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        """Up to `limit` messages, in order within each partition; none after `timeout` seconds.

        None either while the database is away; this member joins again when it is back.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + timeout
        while True:
            self._news.clear()
            received = await self._attempt(limit)
            left = end - clock()
            if received or left <= 0:
                return received
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _POLL_SECONDS)):
                    await self._news.wait()

    async def commit(self, received: Received) -> None:
        """Everything of the message's partition up to and including it is done.

        Ignored when the partition is no longer ours: its new owner gets the message again.
        Raises BusUnavailable.
        """
        async with self._busy:
            partition_id = self._ids.get((received.topic, received.partition), 0)
            place = self._places.get(partition_id)
            if place is None or received.offset >= place.position:
                self._log.info("bus-commit-ignored", topic=received.topic)
            elif received.offset >= place.committed:
                await self._commit(self._slots[partition_id], place, received.offset + 1)

    async def seek_back(self, received: Received) -> None:
        """Deliver this message and what follows it again, if the partition is still ours."""
        async with self._busy:
            place = self._places.get(self._ids.get((received.topic, received.partition), 0))
            if place is not None:
                place.position = min(place.position, received.offset)

    async def lag(self) -> int:
        """How many messages of our partitions are not committed. Raises BusUnavailable."""
        async with self._busy:
            if self._session is None:
                raise BusUnavailable("not in the group now")
            try:
                return int(await self._session.fetchval(sql.LAG, self._id))
            except LOST as error:
                raise unavailable(error) from error

    async def _attempt(self, limit: int) -> list[Received]:
        async with self._busy:
            try:
                session = self._session or await self._open()
                if session.is_closed():
                    raise ConnectionError("closed by the server")
                await self._balance(session)
                await self._heads.look(session)
                return await self._read(session, limit)
            except LOST as error:
                if self._session is not None:
                    self._log.warning("bus-session-lost", error=type(error).__name__)
                    await self._forget()
                return []

    async def _open(self) -> "Connection[Record]":
        """A new session, alive under a new id and owning nothing."""
        session = await asyncpg.connect(
            self._dsn, timeout=WAIT_SECONDS, command_timeout=WAIT_SECONDS, server_settings=_SESSION
        )
        try:
            async with session.transaction():
                for topic in self._topics:
                    await make_topic(session, topic, self._partitions)
                await session.execute(sql.NEW_GROUPS, self._group, self._topics)
                await session.execute(sql.NEW_CURSORS, self._group, self._topics)
                rows = await session.fetch(sql.SLOTS, self._group, self._topics)
            slots = [_Slot(*row) for row in rows]
            self._slots = {slot.partition_id: slot for slot in slots}
            self._ids = {(slot.topic, slot.partition): slot.partition_id for slot in slots}
            self._id = await session.fetchval("SELECT nextval('bus_members')")
            await session.execute(sql.LIVE, self._groups(), self._id)
        except BaseException:
            session.terminate()
            raise
        self._session = session
        self._balance_at = 0.0
        return session

    async def _forget(self) -> None:
        session, self._session = self._session, None
        self._places.clear()
        if session is not None:
            with suppress(*LOST):
                await session.close(timeout=2)

    def _groups(self) -> list[int]:
        return sorted({slot.group_id for slot in self._slots.values()})

    async def _balance(self, session: "Connection[Record]") -> None:
        """Now and then: let go of what others should have, take what is ours and free."""
        now = asyncio.get_running_loop().time()
        if now < self._balance_at:
            return
        wanted = self._wanted(await session.fetch(sql.ALIVE))
        await self._let_go(session, wanted)
        if not wanted <= self._places.keys():
            await self._take(session)
        settled = self._places.keys() == wanted
        self._balance_at = now + (_BALANCE_SECONDS if settled else _POLL_SECONDS)

    def _wanted(self, alive: Iterable[Record]) -> set[int]:
        """The ids of the partitions that are ours: of each topic an equal share of members."""
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
        """Of partitions we should not have: when nothing of them is delivered and not committed."""
        done = []
        for partition_id, place in self._places.items():
            place.leaving = partition_id not in wanted
            if place.leaving and place.position <= place.committed:
                done.append(partition_id)
        if done:
            await session.execute(sql.LET_GO, self._id, done)
            for partition_id in done:
                del self._places[partition_id]

    async def _take(self, session: "Connection[Record]") -> None:
        async with session.transaction():
            # One member of a group at a time: whoever took something before is seen alive here.
            await session.execute(sql.LOCK_GROUPS, self._groups())
            alive = await session.fetch(sql.ALIVE)
            missing = list(self._wanted(alive) - self._places.keys())
            peers = [row["member"] for row in alive]
            taken = await session.fetch(sql.TAKE, self._id, self._groups(), missing, peers)
        for partition_id, committed in taken:
            self._places[partition_id] = _Place(committed, committed)

    async def _read(self, session: "Connection[Record]", limit: int) -> list[Received]:
        """What is waiting in our partitions, of each its share of the limit."""
        waiting = {
            partition_id: count
            for partition_id, place in self._places.items()
            if not place.leaving and (count := self._heads.waiting(partition_id, place.position))
        }
        if not waiting or limit < 1:
            return []
        self._turn += limit
        shares = share(waiting, limit, self._turn)
        positions = [self._places[partition_id].position for partition_id in shares]
        budget = _BATCH_BYTES // len(shares)
        rows = await session.fetch(sql.READ, list(shares), positions, list(shares.values()), budget)
        return [self._deliver(*row) for row in rows]

    def _deliver(self, partition_id: int, offset: int, key: str, value: bytes) -> Received:
        slot = self._slots[partition_id]
        self._places[partition_id].position = offset + 1
        return Received(slot.topic, slot.partition, offset, key, value)

    async def _commit(self, slot: _Slot, place: _Place, offset: int) -> None:
        assert self._session is not None  # places end with the session
        try:
            tag = await self._session.execute(
                sql.COMMIT, slot.group_id, slot.partition_id, self._id, offset
            )
        except LOST as error:
            raise unavailable(error) from error
        if tag == "UPDATE 1":
            place.committed = offset
        else:  # somebody has reset the group
            self._log.warning("bus-commit-refused", topic=slot.topic)
            del self._places[slot.partition_id]


def share(waiting: Mapping[int, int], limit: int, turn: int) -> dict[int, int]:
    """Divide `limit` messages among partitions, none of which gets more than it has waiting.

    What the short ones leave goes to the long ones. Where the limit does not reach for all, they
    have their turns as `turn` grows by the limit.
    """
    ids = sorted(waiting)
    start = turn % len(ids)
    ids = ids[start:] + ids[:start]
    short = limit // len(ids)
    ids.sort(key=lambda partition_id: waiting[partition_id] > short)
    shares = {}
    for before, partition_id in enumerate(ids):
        fair = -(-limit // (len(ids) - before))  # rounded up
        if count := min(waiting[partition_id], fair):
            shares[partition_id] = count
            limit -= count
    return shares


async def make_topic(connection: "AnyConnection", topic: str, partitions: int) -> int:
    """Create a topic in this transaction if it is not there; returns its number of partitions."""
    size: int = await connection.fetchval(sql.TOPIC_SIZE, topic)
    if size == 0:
        await connection.execute(sql.LOCK_SCHEMA)
        await connection.execute(sql.NEW_TOPIC, topic, partitions)
        size = await connection.fetchval(sql.TOPIC_SIZE, topic)
    return size


def unavailable(error: BaseException) -> BusUnavailable:
    """What the callers of a bus get to see of a lost database."""
    return BusUnavailable(f"{type(error).__name__}: {error}")
