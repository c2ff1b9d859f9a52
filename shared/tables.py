"""The tables that every service has, beside its own: outbox, inbox, dead letters, usage entries,
aliases of merged persons and idempotency keys. Only shared/ reads and writes them."""

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


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
