"""Tables of attachments. Content lies in sealed chunks in the database and not in a folder of
files: it commits with the act it belongs to, is in the same backup, behind the same second wall and
before every replica, and goes when it is erased. 20 MiB are 20 rows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Uuid
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class AttachmentState(StrEnum):
    """`awaited`: a peer named it, and it is being fetched. `failed`: it was not got, or was not
    what its hash says. `erased`: the content is gone, the hash stays."""

    STORED = "stored"
    AWAITED = "awaited"
    FAILED = "failed"
    ERASED = "erased"


class Attachment(Row, table=True):
    """A file of an inquiry, or of a claim between counties: `inquiry_id` is the id of either.
    `from_node` is the peer it comes from, null for our own. `chunks` of it
    are here. Until an act takes it, an upload is loose: it has no inquiry and is its uploader's
    alone."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("state IN ('stored', 'awaited', 'failed', 'erased')", "attachments_state"),
        Index("attachments_inquiry", "inquiry_id"),
        Index("attachments_awaited", "next_attempt_at", postgresql_where="state = 'awaited'"),
        Index("attachments_loose", "created_at", postgresql_where="inquiry_id IS NULL"),
    )

    id: UUID = Field(primary_key=True)
    inquiry_id: UUID | None = None
    region: str
    from_node: str | None = None
    state: str
    sha256: bytes
    size: int = Field(sa_type=BigInteger)
    media_type: str
    name_sealed: bytes | None
    uploaded_by: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    stored_at: datetime | None = Field(default=None, sa_type=Timestamp)
    erased_at: datetime | None = Field(default=None, sa_type=Timestamp)
    chunks: int = 0
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Timestamp)
    last_error: str | None = None


class Chunk(Row, table=True):
    """A mebibyte of an attachment, sealed."""

    __tablename__ = "attachment_chunks"

    attachment_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(primary_key=True)
    body_sealed: bytes


class Share(Row, table=True):
    """A peer that was told of an attachment, and may therefore fetch it."""

    __tablename__ = "attachment_shares"

    attachment_id: UUID = Field(
        sa_column=Column(Uuid, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True)
    )
    peer: str = Field(primary_key=True)
    shared_at: datetime = Field(sa_type=Timestamp)
    fetched_at: datetime | None = Field(default=None, sa_type=Timestamp)
