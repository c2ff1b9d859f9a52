"""The transactional outbox: events are rows first, messages second.

An event is written in the transaction of the change it tells about. One relay a service, under
an advisory lock, sends unpublished rows in id order and marks them. Ids commit out of order, so
the relay asks for "not yet published", never for "greater than the last".
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import structlog
from opentelemetry import propagate

from shared.bus import MAX_BYTES, Bus, Message
from shared.crypto import Vault
from shared.events.base import Event

if TYPE_CHECKING:
    from shared.db import Database

log = structlog.get_logger()

OUTBOX_INSERT = """
INSERT INTO outbox (event_id, topic, key, payload, created_at)
SELECT event_id, topic, key, payload, $5
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
  WITH ORDINALITY AS t (event_id, topic, key, payload, n)
ORDER BY n
"""

_UNPUBLISHED = """
SELECT id, event_id, topic, key, payload FROM outbox
WHERE published_at IS NULL ORDER BY id LIMIT $1
"""

_RELAY_LOCK = 0x59495041  # "YIPA"; advisory locks are per database, and each service has its own
_BATCH = 500
_POLL_SECONDS = 0.25
KEEP = timedelta(days=7)  # so that a bus that lost its disk can be refilled


def envelope(
    event: Event,
    event_id: UUID,
    source: str,
    at: datetime,
    vault: Vault,
    *,
    actor: str,
    correlation_id: str,
    causation_id: str | None,
) -> str:
    """The event as a CloudEvents 1.0 structured-mode JSON text.

    Extensions: `actor`, `correlationid`, `causationid`, and `traceparent` when a trace is on.
    """
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": source,
        "type": event.event_type,
        "subject": event.key,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "actor": actor,
        "correlationid": correlation_id,
    }
    if causation_id is not None:
        members["causationid"] = causation_id
    propagate.inject(members)
    members["data"] = event.sealed(vault)
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:  # refused here, or the relay would try it for ever
        raise ValueError(f"an event of type {event.event_type} is too large for the bus")
    return text


class Relay:
    """Moves committed events from a service's outbox to the bus, in order, at least once."""

    def __init__(self, database: "Database", bus: Bus, service: str) -> None:
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
                    await self._sweep(connection)
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
            pass

    _swept = datetime.min.replace(tzinfo=UTC)

    async def _sweep(self, connection: Any) -> None:
        """Once an hour, drop what has been published for longer than KEEP."""
        now = datetime.now(UTC)
        if now - self._swept < timedelta(hours=1):
            return
        self._swept = now
        await connection.execute("DELETE FROM outbox WHERE published_at < $1", now - KEEP)


def _message(row: asyncpg.Record) -> Message:
    return Message(topic=row["topic"], key=row["key"], value=row["payload"].encode())
