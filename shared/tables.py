"""What the tables of every service have in common: how a row is made, and the tables that each has
beside its own (outbox, inbox, dead letters, usage entries, aliases of merged persons, idempotency
keys). Only shared/ reads and writes those."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import ClassManager, configure_mappers
from sqlmodel import SQLModel

Row = TypeVar("Row", bound=SQLModel)


class PlainRow(SQLModel):
    """A row is a plain value: shared/db.py writes it whole, so nobody has to be told of each column
    that is set. SQLModel's own constructor tells SQLAlchemy, which costs more than an insert."""

    def __init__(self, **values: Any) -> None:
        """Columns by name; those with a default may be left out. Raises TypeError for others."""
        known, defaults, made = _columns(type(self))
        if not known.issuperset(values):
            raise TypeError(f"no such column: {', '.join(values.keys() - known)}")
        self.__dict__.update(defaults)
        self.__dict__.update({name: make() for name, make in made.items() if name not in values})
        self.__dict__.update(values)


@cache
def _columns(
    model: type[SQLModel],
) -> tuple[frozenset[str], dict[str, Any], dict[str, Callable[..., Any]]]:
    """The names of a table's columns, their plain defaults, and what makes the others."""
    optional = {name: each for name, each in model.model_fields.items() if not each.is_required()}
    made = {name: each.default_factory for name, each in optional.items() if each.default_factory}
    plain = {name: each.default for name, each in optional.items() if name not in made}
    return frozenset(model.model_fields), plain, made


def table_of(model: type[SQLModel]) -> Table:
    """The table that a model declares."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


def loaded(model: type[Row], record: asyncpg.Record) -> Row:
    """A row as the database gave it. The constructor would treat each column as a change somebody
    makes, one after the other; SQLAlchemy itself loads rows this way."""
    row: Row = _class_manager(model).new_instance()
    row.__dict__.update(record)
    return row


@cache
def _class_manager(model: type[Row]) -> ClassManager[Row]:
    configure_mappers()  # what the constructor would have seen to
    manager: ClassManager[Row] = inspect(model).class_manager
    return manager


def add_common_tables(metadata: MetaData) -> None:
    """Declare the common tables in a service's metadata, so that alembic compares them too."""
    timestamp = DateTime(timezone=True)
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("payload", Text, nullable=False),
        Column("created_at", timestamp, nullable=False),
        Column("published_at", timestamp),
        Index("outbox_unpublished", "id", postgresql_where=text("published_at IS NULL")),
        Index("outbox_published_at", "published_at"),
    )
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Text, primary_key=True),
        Column("received_at", timestamp, nullable=False),
    )
    Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("event_id", Text),
        Column("event_type", Text),
        Column("key", Text),
        Column("payload", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("failed_at", timestamp, nullable=False),
        Column("settled_at", timestamp),
        Column("settled_as", Text),
        Index("dead_letters_place", "consumer", "topic", "partition", "offset", unique=True),
    )
    Table(
        "usage_entries",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("subject_id", Uuid, nullable=False),
        Column("at", timestamp, nullable=False),
        Column("actor_sub", Text, nullable=False),
        Column("actor_org", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("case_reference", Text),
        Column("kind", Text, nullable=False),
        Index("usage_entries_subject", "subject_id", "at"),
    )
    Table(
        "subject_aliases",
        metadata,
        Column("alias_id", Uuid, primary_key=True),
        Column("subject_id", Uuid, nullable=False, index=True),
    )
    Table(
        "idempotency_keys",
        metadata,
        Column("actor_sub", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", Integer),
        Column("headers", JSONB),
        Column("body", LargeBinary),
        Column("created_at", timestamp, nullable=False),
        Index("idempotency_keys_created_at", "created_at"),
    )
