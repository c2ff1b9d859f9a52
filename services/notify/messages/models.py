"""Tables: messages, the attempts to submit them, and the parts a provider made of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from services.notify.messages.rules import AttemptState, Status
from shared.columns import Timestamp


class Message(Row, table=True):
    """A text to one number. Text and number are sealed and erased after a few days. A person's
    number is filled in when the text is submitted, from the contact book as it then is.
    `opted_out_at` is when she said stop within a week of a campaign's text."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("messages_reference", "caller", "reference", unique=True),
        Index("messages_due", "lane", "due_at", postgresql_where="status = 'queued'"),
        Index("messages_number", "phone_index", "created_at"),
        Index("messages_person", "person_id"),
        Index(
            "messages_campaign",
            "campaign_id",
            "status",
            postgresql_where="campaign_id IS NOT NULL",
        ),
        Index("messages_waiting", "submitted_at", postgresql_where="status = 'submitted'"),
        Index("messages_content", "created_at", postgresql_where="body_sealed IS NOT NULL"),
        Index("messages_done", "done_at", postgresql_where="done_at IS NOT NULL"),
        Index("messages_held", "lane", postgresql_where="status = 'held'"),
    )

    id: UUID = Field(primary_key=True)
    caller: str
    reference: str
    content_hash: bytes
    template_id: UUID
    template: str
    purpose: str
    kind: str
    lane: str
    person_id: UUID | None = None
    campaign_id: UUID | None = None
    region: str
    language: str
    status: str = Status.QUEUED
    reason: str | None = None
    parts: int
    body_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    phone_index: bytes
    provider: str | None = None
    tries: int = 0
    created_at: datetime = Field(sa_type=Timestamp)
    due_at: datetime = Field(sa_type=Timestamp)
    expires_at: datetime = Field(sa_type=Timestamp)
    submitted_at: datetime | None = Field(default=None, sa_type=Timestamp)
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)
    opted_out_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Attempt(Row, table=True):
    """One call to a provider, marked and committed before it is made. `check_at` is when a call
    without an outcome is asked about."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "attempts_open",
            "check_at",
            postgresql_where="state IN ('submitting', 'unknown')",
        ),
    )

    message_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    provider: str
    state: str = AttemptState.SUBMITTING
    code: str | None = None
    started_at: datetime = Field(sa_type=Timestamp)
    check_at: datetime = Field(sa_type=Timestamp)
    resolved_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Part(Row, table=True):
    """One short message at the provider, by the provider's id, which is one's own within a group
    of binds; `number` is its place in the text, from 1. A receipt may be here before we have
    recorded whose it is: then `message_id` is null."""

    __tablename__ = "message_parts"
    __table_args__ = (
        Index("message_parts_message", "message_id"),
        Index("message_parts_received", "received_at"),
        Index("message_parts_unmatched", "received_at", postgresql_where="message_id IS NULL"),
    )

    bind_group: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    provider: str
    number: int | None = None
    message_id: UUID | None = None
    state: str
    reason: str | None = None
    at: datetime | None = Field(default=None, sa_type=Timestamp)
    received_at: datetime = Field(sa_type=Timestamp)


class ProviderBucket(Row, table=True):
    """Tokens of one provider, of all replicas together (令牌桶): filled up to `at`."""

    __tablename__ = "provider_buckets"

    name: str = Field(primary_key=True)
    tokens: float
    at: datetime = Field(sa_type=Timestamp)


class TextedNumber(Row, table=True):
    """A number that gets texts on a day, held while they are counted against its caps."""

    __tablename__ = "texted_numbers"

    phone_index: bytes = Field(primary_key=True)
    day: date
