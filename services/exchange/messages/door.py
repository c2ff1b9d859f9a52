"""The peer door's list: which facts are taken from peers, each one a call of a handler."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.exchange.participants.node import Node
from shared.db import Tx

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


Apply = Callable[[Any, Tx], Awaitable[None]]


class Door:
    """`on(kind, Record)` registers the handler of a fact; others are refused. The record's model
    is closed, so a field that the kind does not have is refused too."""

    def __init__(self) -> None:
        self.facts: dict[str, tuple[type[BaseModel], Apply]] = {}

    def on(
        self,
        kind: str,
        record: type[RecordT],
        apply: Callable[[Received[RecordT], Tx], Awaitable[None]],
    ) -> None:
        if kind in self.facts or record.model_config.get("extra") != "forbid":
            raise ValueError(f"{kind} is taken already, or its record is not closed")
        self.facts[kind] = (record, apply)
