"""The connections of a service to its database: asyncpg's pool, and the few at hand before it."""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Self

import asyncpg
from asyncpg.exceptions._base import DataError as InvalidInput  # raised before anything is sent
from asyncpg.pool import PoolConnectionProxy

from shared.line import Line
from shared.problems import Unavailable

Connection = asyncpg.Connection | PoolConnectionProxy
WAIT_SECONDS: Final = 10.0  # for a connection
IDLE_SECONDS: Final = 60.0  # after them a connection is not trusted: a network forgets it
LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OutOfMemoryError,
    asyncpg.DiskFullError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
_SETTLED_AT_ONCE = 1_000_000
# A commit with something to commit, so that it waits for the disk and all before it.
_WRITE_OUT = "SELECT pg_logical_emit_message(true, 'yipan', '')"


class _PlainConnection(asyncpg.Connection):
    """Without asyncpg's reset query: nothing here outlives its transaction, and the reset would
    cost every request a round trip."""

    def get_reset_query(self) -> str:
        return ""


async def set_codecs(connection: asyncpg.Connection) -> None:
    """JSON columns as Python values, on every connection we open."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )


class Connections:
    """At most `size` connections. Whoever finds none is served in turn, by whoever gives one back.

    asyncpg's pool makes and closes them. It starts a timer and two tasks for each use, which
    together cost more than a statement (docs/decisions/0014): so what is given back goes to the
    next caller by hand, and to the pool when nobody needs it.
    """

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self.pool = pool
        self._size = size
        self._most_at_hand = size // 2
        self._out = 0  # of the pool: in use or at hand
        self._at_hand: list[tuple[PoolConnectionProxy, float]] = []  # since when: monotonic seconds
        self._waiting: deque[asyncio.Future[PoolConnectionProxy | None]] = deque()
        self._unsettled: Line[None, None] = Line(self._write_out, _SETTLED_AT_ONCE)

    @classmethod
    async def connect(cls, dsn: str, size: int) -> Self:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            connection_class=_PlainConnection,
            init=set_codecs,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            command_timeout=60,
        )
        return cls(pool, size)

    async def close(self) -> None:
        """Waits for those in use."""
        await self._unsettled.close()
        self._most_at_hand = 0
        while self._at_hand:
            await self._return(self._at_hand.pop()[0])
        await self.pool.close()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection around a block. Raises Unavailable when the database cannot be reached."""
        connection = await self.take()
        try:
            yield connection
        except BaseException as error:
            # Cancelled in the midst of asking for a lock of the session, it may have got it.
            if is_lost(error) or isinstance(error, asyncio.CancelledError):
                abandon(connection)
            raise
        finally:
            await self.give_back(connection)

    async def take(self) -> PoolConnectionProxy:
        """A connection, to be given back. Raises Unavailable."""
        while self._at_hand:
            connection, since = self._at_hand.pop()
            if _is_usable(connection):
                if time.monotonic() - since < IDLE_SECONDS:
                    return connection
                connection.terminate()
            await self._return(connection)
        try:
            if self._out < self._size:
                return await self._from_pool()
            return await self._in_turn()
        except (TimeoutError, *LOST) as error:
            raise Unavailable() from error

    async def give_back(self, connection: PoolConnectionProxy) -> None:
        """To the next who waits, else at hand, else to the pool."""
        usable = _is_usable(connection)
        if usable and self._hand_on(connection):
            return
        if usable and len(self._at_hand) < self._most_at_hand:
            self._at_hand.append((connection, time.monotonic()))
            return
        await self._return(connection)
        self._hand_on(None)  # there is room for a new one

    async def settle(self) -> None:
        """Wait until all that was committed before this is on disk: whoever comes while the disk is
        waited for waits with the next. Raises Unavailable."""
        await self._unsettled.put(None)

    async def _write_out(self, waiting: Sequence[None]) -> Sequence[None]:
        try:
            async with self.acquire() as connection:
                await connection.execute(_WRITE_OUT)
        except LOST as error:
            raise Unavailable() from error
        return waiting

    async def _from_pool(self) -> PoolConnectionProxy:
        self._out += 1
        try:
            return await self.pool.acquire(timeout=WAIT_SECONDS)
        except BaseException:
            self._out -= 1
            self._hand_on(None)
            raise

    async def _return(self, connection: PoolConnectionProxy) -> None:
        self._out -= 1
        await self.pool.release(connection)

    async def _in_turn(self) -> PoolConnectionProxy:
        """Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        place = loop.create_future()
        limit = loop.call_later(WAIT_SECONDS, _end_waiting, place)
        self._waiting.append(place)
        try:
            given = await place
        except asyncio.CancelledError:
            # Given in the very moment of giving up:
            if place.done() and not place.cancelled() and place.exception() is None:
                given = place.result()
                if given is None:
                    self._hand_on(None)
                else:
                    await self.give_back(given)
            raise
        finally:
            limit.cancel()
        return await self.take() if given is None else given

    def _hand_on(self, given: PoolConnectionProxy | None) -> bool:
        """Give the next who waits a connection, or leave to make one; False when nobody waits."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(given)
                return True
        return False


def _end_waiting(place: asyncio.Future[PoolConnectionProxy | None]) -> None:
    if not place.done():
        place.set_exception(TimeoutError())


def _is_usable(connection: PoolConnectionProxy) -> bool:
    try:
        return not (connection.is_closed() or connection.is_in_transaction())
    except asyncpg.InterfaceError:  # it was lost, and has left the pool by itself
        return False


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the connection cannot be relied on."""
    return isinstance(error, LOST) and not isinstance(error, InvalidInput)


def abandon(connection: Connection) -> None:
    """Close it without asking; the pool makes another."""
    with suppress(asyncpg.InterfaceError):  # it has left the pool by itself
        connection.terminate()


async def undo(connection: Connection, rollback: str) -> None:
    """Roll back; a connection that cannot even do that must not go back to the pool alive."""
    try:
        if not connection.is_closed():
            await connection.execute(rollback)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        abandon(connection)
    except asyncio.CancelledError:  # a caller who has gone is cancelled until its task ends
        abandon(connection)
        raise
