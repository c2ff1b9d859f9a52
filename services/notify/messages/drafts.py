"""Texts on their way into the table. Plain dataclasses: a batch makes thousands of them, and a
table class costs ten times as much to build. What the texts of a batch have in common is sent
once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.notify.messages.rules import Status
from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Known:
    """A text that is in the table already, as far as its caller is told."""

    id: UUID
    reference: str
    content_hash: bytes
    status: str
    parts: int
    due_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What many texts of a batch have in common: they hold one and the same."""

    template_id: UUID
    template: str
    purpose: str
    kind: str
    lane: str
    region: str
    language: str
    parts: int
    due_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class Draft:
    """A new text: what is its own, and its shape."""

    id: UUID
    reference: str
    content_hash: bytes
    person_id: UUID | None
    body_sealed: bytes
    phone_sealed: bytes | None
    phone_index: bytes
    shape: Shape

    @property
    def status(self) -> str:
        return Status.QUEUED

    @property
    def parts(self) -> int:
        return self.shape.parts

    @property
    def due_at(self) -> datetime:
        return self.shape.due_at

    @property
    def expires_at(self) -> datetime:
        return self.shape.expires_at


_TYPES: Final[dict[object, str]] = {
    UUID: "uuid",
    str: "text",
    bytes: "bytea",
    int: "int",
    datetime: "timestamptz",
}
_OWN: Final = tuple(each for each in fields(Draft) if each.name != "shape")
_SHARED: Final = fields(Shape)


def _arrays(kinds: Sequence[object], first: int) -> str:
    """Places for columns of these types, from number `first`; `X | None` is X."""
    plain = (getattr(kind, "__args__", (kind,))[0] for kind in kinds)
    return ", ".join(f"${n}::{_TYPES[kind]}[]" for n, kind in enumerate(plain, start=first))


_OWN_NAMES: Final = ", ".join(each.name for each in _OWN)
_SHARED_NAMES: Final = ", ".join(each.name for each in _SHARED)
INSERT: Final = f"""
INSERT INTO messages
  ({_OWN_NAMES}, {_SHARED_NAMES}, caller, campaign_id, created_at, status, tries)
SELECT {_OWN_NAMES}, {_SHARED_NAMES}, $1, $2, $3, '{Status.QUEUED}', 0
FROM unnest({_arrays([each.type for each in _OWN] + [int], 4)}) AS t ({_OWN_NAMES}, shape)
JOIN unnest({_arrays([each.type for each in _SHARED], 5 + len(_OWN))})
  WITH ORDINALITY AS s ({_SHARED_NAMES}, number) ON s.number = t.shape
ON CONFLICT (caller, reference) DO NOTHING
"""  # noqa: S608 names of our own
EARLIER: Final = (
    f"SELECT {', '.join(each.name for each in fields(Known))} FROM messages"  # noqa: S608
    " WHERE caller = $1 AND reference = ANY($2::text[])"
)


def insertion(drafts: Sequence[Draft], campaign_id: UUID | None, tx: Tx) -> list[Any]:
    """The arguments of INSERT."""
    numbers: dict[Shape, int] = {}
    places = [numbers.setdefault(each.shape, len(numbers) + 1) for each in drafts]
    own = [[getattr(each, field.name) for each in drafts] for field in _OWN]
    shared = [[getattr(each, field.name) for each in numbers] for field in _SHARED]
    return [tx.actor.sub, campaign_id, tx.now, *own, places, *shared]
