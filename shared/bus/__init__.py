"""The bus: one small interface, two implementations (kafka, embedded) that pass the same tests.

Both keep order per key, deliver at least once, and share a topic's partitions among the members
of a consumer group.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

MAX_BYTES = 1 << 20  # of one value; an event that needs more should name a record instead


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: messages with equal (topic, key) keep their order."""

    topic: str
    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What arrives, with its place in the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


class Subscription(Protocol):
    """One member of a consumer group."""

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        """Up to `limit` messages, in order within each partition; empty after `timeout` seconds.
        Messages not committed before this member ends are delivered again, to some member."""

    async def commit(self, received: Received) -> None:
        """Everything of the message's partition up to and including it is done."""

    async def seek_back(self, received: Received) -> None:
        """Deliver this message and what follows it in its partition again, in this member."""

    async def lag(self) -> int:
        """How many messages of the assigned partitions are not committed yet."""


class Bus(Protocol):
    """Where events go and come from."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append all, in order per key; returns when they are durable. Raises BusUnavailable."""

    def subscribe(
        self, group: str, topics: Sequence[str]
    ) -> AbstractAsyncContextManager[Subscription]:
        """Join a consumer group; a new group starts at the oldest message."""

    async def close(self) -> None: ...


class BusUnavailable(Exception):
    """The bus cannot take or give messages now; trying again later may help."""
