"""The transactional outbox: events are rows first, messages second.

An event is written in the transaction of the change it tells about. One relay a service, under
an advisory lock, sends unpublished rows in id order and marks them. Ids commit out of order, so
the relay asks for "not yet published", never for "greater than the last".
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import structlog

from shared.bus import Bus, Message
from shared.db import Database

log = structlog.get_logger()

_UNPUBLISHED = """
SELECT id, event_id, topic, key, payload FROM outbox
WHERE published_at IS NULL ORDER BY id LIMIT $1
"""

_RELAY_LOCK = 0x59495041  # "YIPA"; advisory locks are per database, and each service has its own
_BATCH = 500
_POLL_SECONDS = 0.25
_GATHER_SECONDS = 0.003  # for the answer to leave, and for what others say meanwhile
KEEP = timedelta(days=7)  # so that a bus that lost its disk can be refilled


class Relay:
    """Moves committed events from a service's outbox to the bus, in order, at least once."""

    def __init__(self, database: Database, bus: Bus, service: str) -> None:
        self._database = database
        self._filled = database.listen()
        self._bus = bus
        self._log = log.bind(service=service, part="relay")

    async def run(self) -> None:
        """Until cancelled. While another process holds the lock, wait to take over."""
        pause = _POLL_SECONDS
        while True:
            try:
                async with self._database.acquire() as connection:
                    await self._hold(connection)
                pause = _POLL_SECONDS
            except Exception as error:  # the database or the bus is away: wait and go on
                self._log.warning("relay-paused", error=type(error).__name__)
                pause = min(pause * 2, 5.0)
            await asyncio.sleep(pause)

    async def _hold(self, connection: Any) -> None:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _RELAY_LOCK):
            return
        try:
            while True:
                self._filled.clear()
                if await self.publish_batch(connection) < _BATCH:
                    await self.sweep(connection)
                    await self._wait()
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", _RELAY_LOCK)

    async def publish_batch(self, connection: Any) -> int:
        """Send up to a batch of unpublished events; returns how many were sent."""
        rows = await connection.fetch(_UNPUBLISHED, _BATCH)
        if rows:
            await self._bus.publish([_message(row) for row in rows])
            await connection.execute(
                "UPDATE outbox SET published_at = now() WHERE id = ANY($1::bigint[])",
                [row["id"] for row in rows],
            )
        return len(rows)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._filled.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_GATHER_SECONDS)

    _swept = datetime.min.replace(tzinfo=UTC)

    async def sweep(self, connection: Any) -> None:
        """Once an hour, drop what was kept for KEEP: events that were published, and the answers to
        requests with an Idempotency-Key, which nobody repeats so late."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(hours=1):
            return
        self._swept = now
        await connection.execute("DELETE FROM outbox WHERE published_at < $1", now - KEEP)
        await connection.execute("DELETE FROM idempotency_keys WHERE created_at < $1", now - KEEP)


def _message(row: asyncpg.Record) -> Message:
    return Message(topic=row["topic"], key=row["key"], value=row["payload"].encode())
