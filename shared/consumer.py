"""The consumer door: events from the bus become calls of the same handlers that HTTP calls.

For each message: one transaction inserts (consumer, event id) into the inbox, runs the handler
and commits; then the offset is committed. A message seen before changes nothing. A permanent
error goes to the dead letters with its reason at once, any other after a few tries with backoff;
either way the messages behind it go on. When the database or the bus is away, wait: nobody's
message is to blame.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import structlog
from opentelemetry import propagate
from pydantic import ValidationError

from shared.actors import Actor
from shared.bus import Bus, BusUnavailable, Received, Subscription
from shared.crypto import SealBroken
from shared.db import Database, Tx
from shared.events.base import CATALOGUE, Event
from shared.problems import Problem, Unavailable
from shared.tasks import end
from shared.telemetry import Metrics, tracer

log = structlog.get_logger()

EventT = TypeVar("EventT", bound=Event)
Handler = Callable[[Any, Tx], Awaitable[None]]
Partition = tuple[str, int]  # its topic and number

ATTEMPTS = 5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_SIDE_BY_SIDE = 4  # partitions at once: callers need connections of the pool too
_AT_HAND = 200  # messages: while so many wait for their partition, no more are fetched
_MEASURE_SECONDS = 5.0

_DEAD_LETTER = """
INSERT INTO dead_letters
  (consumer, topic, partition, "offset", event_id, event_type, key, payload, reason, attempts,
   failed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (consumer, topic, partition, "offset") DO UPDATE
SET reason = excluded.reason, attempts = dead_letters.attempts + excluded.attempts,
    failed_at = excluded.failed_at
"""


class Consumer:
    """Which events a service listens to. `on` registers the translation of an event into a
    handler call; events of other types on the same topics are passed over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handlers: dict[str, Handler] = {}

    def on(
        self, event: type[EventT]
    ) -> Callable[
        [Callable[[EventT, Tx], Awaitable[None]]], Callable[[EventT, Tx], Awaitable[None]]
    ]:
        def register(
            handler: Callable[[EventT, Tx], Awaitable[None]],
        ) -> Callable[[EventT, Tx], Awaitable[None]]:
            if event.event_type in self.handlers:
                raise ValueError(f"{self.name} already listens to {event.event_type}")
            self.handlers[event.event_type] = handler
            return handler

        return register

    @property
    def topics(self) -> list[str]:
        return sorted({CATALOGUE[event_type].topic for event_type in self.handlers})


class Unreadable(Problem):
    """The message is not an event we can read; its bytes are kept with the dead letter."""

    status = 422
    type = "unreadable-event"


def parse(value: bytes) -> dict[str, Any]:
    """The CloudEvents members of a message. Raises Unreadable."""
    try:
        members = json.loads(value)
        missing = {"id", "source", "specversion", "type"} - members.keys()
    except (ValueError, AttributeError) as error:
        raise Unreadable() from error
    if missing or members["specversion"] != "1.0":
        raise Unreadable()
    if not all(isinstance(members[name], str) for name in ("id", "source", "type")):
        raise Unreadable()
    return dict(members)


class ConsumerLoop:
    """Runs a service's Consumer against the bus."""

    def __init__(
        self,
        consumer: Consumer,
        database: Database,
        bus: Bus,
        actor: Actor,
        metrics: Metrics,
    ) -> None:
        self._consumer = consumer
        self._database = database
        self._bus = bus
        self._actor = actor
        self._metrics = metrics
        self._log = log.bind(service=consumer.name, part="consumer")
        self._turns = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def run(self) -> None:
        """Until cancelled; survives outages of bus and database."""
        if not self._consumer.topics:
            return
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._bus.subscribe(
                    self._consumer.name, self._consumer.topics
                ) as subscription:
                    pause = _FIRST_PAUSE
                    await self._follow(subscription)
            except Exception as error:
                self._log.warning("consumer-paused", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _follow(self, subscription: Subscription) -> None:
        measuring = asyncio.create_task(self._measure(subscription))
        try:
            await self._apply_all(subscription)
        finally:
            await end(measuring)

    async def _measure(self, subscription: Subscription) -> None:
        """Beside the messages, not between them: a broker answers only after the fetch that waits
        on the same connection."""
        while True:
            with suppress(BusUnavailable):
                self._metrics.lag.set(await subscription.lag())
            await asyncio.sleep(_MEASURE_SECONDS)

    async def _apply_all(self, subscription: Subscription) -> None:
        """Partitions side by side, so that they share the waits for the disk; the messages of one
        partition one after the other, so that order per key holds. What comes meanwhile waits for
        its own partition alone."""
        waiting: dict[Partition, list[Received]] = {}
        busy: set[Partition] = set()
        done = asyncio.Event()

        async def follow(partition: Partition) -> None:
            while messages := waiting.pop(partition, []):
                await self._apply_in_order(messages, subscription)
                done.set()
            busy.discard(partition)

        async with asyncio.TaskGroup() as group:
            while True:
                for received in await subscription.batch():
                    waiting.setdefault((received.topic, received.partition), []).append(received)
                for partition in waiting.keys() - busy:
                    busy.add(partition)
                    group.create_task(follow(partition))
                while sum(map(len, waiting.values())) >= _AT_HAND:
                    done.clear()
                    await done.wait()

    async def _apply_in_order(
        self, messages: Sequence[Received], subscription: Subscription
    ) -> None:
        """Deliver a partition's messages; whatever ends it, what is done is committed."""
        done: Received | None = None
        try:
            for received in messages:
                async with self._turns:
                    await self.deliver(received)
                done = received
        finally:
            if done is not None:
                await subscription.commit(done)

    async def deliver(self, received: Received) -> bool:
        """Apply one message exactly once (True), or put it among the dead letters (False)."""
        attempt, pause = 1, _FIRST_PAUSE
        while True:
            try:
                await self._apply(received)
                return True
            except (Unavailable, BusUnavailable, OSError, asyncpg.PostgresConnectionError):
                pass  # an outage: not the message's fault, try for as long as it takes
            except Exception as error:
                permanent = isinstance(error, Problem | ValidationError | SealBroken) and (
                    not isinstance(error, Problem) or error.permanent
                )
                if permanent or attempt >= ATTEMPTS:
                    await self._bury(received, error, attempt)
                    return False
                attempt += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _apply(self, received: Received) -> None:
        members = parse(received.value)
        event_type = members["type"]
        handler = self._consumer.handlers.get(event_type)
        if handler is None:
            self._metrics.consumed.labels("other", "ignored").inc()
            return
        event = CATALOGUE[event_type].opened(members.get("data") or {}, self._database.event_vault)
        carrier = {k: v for k, v in members.items() if k in ("traceparent", "tracestate")}
        with tracer.start_as_current_span(event_type, context=propagate.extract(carrier)):
            async with self._database.transaction(
                self._actor,
                correlation_id=members.get("correlationid") or members["id"],
                causation_id=members["id"],
                happened_at=_time_of(members),
            ) as tx:
                outcome = "seen"
                if await self._first_time(tx, members["id"]):
                    await handler(event, tx)
                    outcome = "done"
        self._metrics.consumed.labels(event_type, outcome).inc()

    async def _first_time(self, tx: Tx, event_id: str) -> bool:
        tag = await tx.execute(
            "INSERT INTO inbox (consumer, event_id, received_at) VALUES ($1, $2, $3)"
            " ON CONFLICT DO NOTHING",
            self._consumer.name,
            event_id,
            tx.now,
        )
        return tag == "INSERT 0 1"

    async def _bury(self, received: Received, error: Exception, attempts: int) -> None:
        """Keep the message and why it failed; the reason names fields and types, not values."""
        try:
            members = parse(received.value)
        except Unreadable:
            members = {}
        reason = reason_of(error)
        async with self._database.transaction(self._actor) as tx:
            await tx.execute(
                _DEAD_LETTER,
                self._consumer.name,
                received.topic,
                received.partition,
                received.offset,
                members.get("id"),
                members.get("type"),
                received.key,
                received.value,
                reason,
                attempts,
                datetime.now(UTC),
            )
        self._metrics.consumed.labels(members.get("type", "unreadable"), "dead").inc()
        self._log.error("dead-letter", type=members.get("type"), id=members.get("id"), why=reason)


def _time_of(members: dict[str, Any]) -> datetime | None:
    """The CloudEvents `time`, which a message may lack: a late event belongs to its own day."""
    try:
        time = datetime.fromisoformat(members["time"])
    except (KeyError, TypeError, ValueError):
        return None
    return time if time.tzinfo else None


def reason_of(error: Exception) -> str:
    """Why it failed, without any value of the message: it may hold personal data."""
    if isinstance(error, ValidationError):
        places = [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors()]
        return "does not fit the declared event: " + "; ".join(places)
    if isinstance(error, Problem | SealBroken):
        return str(error)
    if isinstance(error, asyncpg.PostgresError):
        names = [error.constraint_name, error.table_name, error.column_name]
        return " ".join([type(error).__name__, *(name for name in names if name)])
    return type(error).__name__
