"""Tables: messages on their way out, messages taken in, and what was refused."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class Delivery(StrEnum):
    """How far a message got. `failed`: the peer refused it. `given-up`: no receipt for days, or
    an operator's decision. `diverted`: another message went to another peer instead."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given-up"
    DIVERTED = "diverted"


class MessageOut(Row, table=True):
    """A message to a peer. It is signed anew at each attempt (its time must be fresh), over a
    content that never changes: `payload_hash` is of that content. It does not leave before it is in
    the log, at `leaf_index`. `region` is whose matter it is here. An erased content is null; its
    hash stays."""

    __tablename__ = "messages_out"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'delivered', 'failed', 'given-up', 'diverted')",
            "messages_out_state",
        ),
        CheckConstraint(
            "(state = 'diverted') = (diverted_to IS NOT NULL)", "messages_out_diverted"
        ),
        Index(
            "messages_out_pending",
            "to_node",
            "subject_id",
            "sequence",
            postgresql_where="state IN ('queued', 'sending')",
        ),
        Index("messages_out_subject", "subject_id", "sequence"),
        Index(
            "messages_out_next",
            "to_node",
            "sequence",
            postgresql_where="state IN ('queued', 'sending')",
        ),
        Index(
            "messages_out_due",
            "to_node",
            "next_attempt_at",
            postgresql_where="state IN ('queued', 'sending')",
        ),
        Index("messages_out_unlogged", "sequence", postgresql_where="leaf_index IS NULL"),
        Index("messages_out_created", "to_node", "created_at"),
        Index("messages_out_queue", "to_node", "state", "sequence"),
    )

    message_id: str = Field(primary_key=True)
    sequence: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    to_node: str
    kind: str
    subject_id: UUID
    region: str
    content_sealed: bytes | None
    payload_hash: bytes
    leaf_index: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Delivery.QUEUED
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=Timestamp)
    created_at: datetime = Field(sa_type=Timestamp)
    delivered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    last_error: str | None = None
    receipt: str | None = None
    decided_by: str | None = None
    decision_reason: str | None = None
    diverted_to: str | None = None
    tried_since: datetime | None = Field(default=None, sa_type=Timestamp)


class PeerPause(Row, table=True):
    """A peer to which nothing is sent until somebody says so."""

    __tablename__ = "peer_pauses"

    peer: str = Field(primary_key=True)
    reason: str
    paused_at: datetime = Field(sa_type=Timestamp)
    paused_by: str


class MessageIn(Row, table=True):
    """A message of a peer that was verified and applied, sealed with its signature, and the
    receipt we gave for it: the same message again gets the same receipt. An erased envelope is
    null; its hash stays. `said_at` is the time inside the signed content, so both sides have it."""

    __tablename__ = "messages_in"
    __table_args__ = (
        Index("messages_in_subject", "subject_id"),
        Index("messages_in_said", "from_node", "said_at"),
    )

    from_node: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    kind: str
    subject_id: UUID
    region: str
    envelope_sealed: bytes | None
    payload_hash: bytes
    said_at: datetime = Field(sa_type=Timestamp)
    received_at: datetime = Field(sa_type=Timestamp)
    leaf_index: int | None = Field(default=None, sa_type=BigInteger)
    receipt: str | None = None


class Refusal(Row, table=True):
    """A message that was refused: who said they sent it, the SHA-256 of what came, and why it was
    not believed. Refusals enter the log in batches: `leaf_index` is the leaf of this one's."""

    __tablename__ = "refusals"
    __table_args__ = (
        Index("refusals_at", "at"),
        Index("refusals_unlogged", "id", postgresql_where="leaf_index IS NULL"),
        Index("refusals_leaf", "leaf_index", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    at: datetime = Field(sa_type=Timestamp)
    sender_id: str | None = None
    message_id: str | None = None
    code: str
    reason: str
    body_sha256: bytes | None = None
    leaf_index: int | None = Field(default=None, sa_type=BigInteger)


class UncountedRefusals(Row, table=True):
    """How many refusals of an hour were beyond what a process keeps one by one."""

    __tablename__ = "refusals_uncounted"

    hour: datetime = Field(primary_key=True, sa_type=Timestamp)
    process: UUID = Field(primary_key=True)
    count: int = Field(sa_type=BigInteger)
