"""Tables: what offices owe, by number alone, and the officials who want to be told how much."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp


class Duty(Row, table=True):
    """A task of an office (待办事项), by its own id; whom it is about is not known here."""

    __tablename__ = "duties"
    __table_args__ = (
        Index("duties_open", "region", postgresql_where="settled_at IS NULL"),
        Index("duties_settled", "settled_at"),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    region: str
    office: str | None = None
    due_on: date | None = None
    overdue: bool = False
    settled_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DigestRecipient(Row, table=True):
    """The number of an official who asked for the digest of an area, or of one office in it.
    `told_week` is the last week she was told of."""

    __tablename__ = "digest_recipients"
    __table_args__ = (Index("digest_recipients_number", "phone_index", unique=True),)

    id: UUID = Field(primary_key=True)
    region: str
    office: str | None = None
    phone_sealed: bytes
    phone_index: bytes
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str
    told_week: date | None = None
