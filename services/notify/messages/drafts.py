"""A text on its way into the table. Plain dataclasses: a batch makes thousands of them, and a
table class costs ten times as much to build."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notify.messages.rules import Status


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


@dataclass(frozen=True, slots=True)
class Draft:
    """A new text: the columns that acceptance fills, in the order they are inserted in."""

    id: UUID
    caller: str
    reference: str
    content_hash: bytes
    template_id: UUID
    template: str
    purpose: str
    kind: str
    lane: str
    person_id: UUID | None
    campaign_id: UUID | None
    region: str
    language: str
    parts: int
    body_sealed: bytes
    phone_sealed: bytes | None
    phone_index: bytes
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    status: str = Status.QUEUED
    tries: int = 0


_TYPES: Final[dict[object, str]] = {
    UUID: "uuid",
    str: "text",
    bytes: "bytea",
    int: "int",
    datetime: "timestamptz",
}
COLUMNS: Final = tuple(field.name for field in fields(Draft))
KNOWN_COLUMNS: Final = ", ".join(field.name for field in fields(Known))


def _array_types() -> list[str]:
    """The PostgreSQL type of each column; `X | None` is X."""
    kinds = (getattr(field.type, "__args__", (field.type,))[0] for field in fields(Draft))
    return [f"{_TYPES[kind]}[]" for kind in kinds]


_PLACES: Final = ", ".join(f"${n}::{kind}" for n, kind in enumerate(_array_types(), start=1))
INSERT: Final = (
    f"INSERT INTO messages ({', '.join(COLUMNS)}) SELECT * FROM unnest({_PLACES})"  # noqa: S608
    " ON CONFLICT (caller, reference) DO NOTHING RETURNING id"
)
EARLIER: Final = (
    f"SELECT {KNOWN_COLUMNS} FROM messages"  # noqa: S608
    " WHERE caller = $1 AND reference = ANY($2::text[])"
)
