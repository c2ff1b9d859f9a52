"""The peer door's list: which facts are taken from peers, each one a call of a handler."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.exchange.participants.node import Node
from shared.db import Tx
from shared.ids import new_id

RecordT = TypeVar("RecordT", bound=BaseModel)


@dataclass(frozen=True)
class Received(Generic[RecordT]):
    """A verified fact: who says it, about which notice or inquiry, since when; and who we are."""

    us: Node
    from_node: str
    kind: str
    subject_id: UUID
    sent_at: datetime
    record: RecordT


ApplyAll = Callable[[Sequence[Any], Tx], Awaitable[None]]


class Door:
    """`on(kind, Record, …)` registers the handler of a fact, `on_all` one that takes all that came
    together; other kinds are refused. The record's model is closed, so a field that the kind does
    not have is refused too. What a handler raises is the answer to one message: where several came,
    they are taken by halves until that one stands alone."""

    def __init__(self) -> None:
        self.facts: dict[str, tuple[type[BaseModel], ApplyAll]] = {}

    def on(
        self,
        kind: str,
        record: type[RecordT],
        apply: Callable[[Received[RecordT], Tx], Awaitable[None]],
    ) -> None:
        async def apply_each(came: Sequence[Received[RecordT]], tx: Tx) -> None:
            for each in in_turn(came, tx):
                await apply(each, tx)

        self.on_all(kind, record, apply_each)

    def on_all(
        self,
        kind: str,
        record: type[RecordT],
        apply: Callable[[Sequence[Received[RecordT]], Tx], Awaitable[None]],
    ) -> None:
        if kind in self.facts or record.model_config.get("extra") != "forbid":
            raise ValueError(f"{kind} is taken already, or its record is not closed")
        self.facts[kind] = (record, apply)


def in_turn(came: Sequence[Received[RecordT]], tx: Tx) -> Iterator[Received[RecordT]]:
    """One fact after the other: what is said meanwhile belongs to that one and no other."""
    for each in came:
        tx.correlation_id = str(new_id())
        yield each
