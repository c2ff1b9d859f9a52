"""Tables: texts that people sent, and the pieces that long ones come in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp

OPEN = "action = 'inbox' AND joined_to IS NULL AND done_at IS NULL"


class Inbound(Row, table=True):
    """A text from a person (上行短信), by the provider's id. `message_id` is which of our texts it
    answers; `person_id` whose number it is, where that is one person's alone; `region` is hers,
    or the county. Texts of one number for the staff are joined to the first (`joined_to`), which
    counts them (`texts`). Number and text are sealed and erased after a few days; of a stop only
    that it came is kept."""

    __tablename__ = "inbound_texts"
    __table_args__ = (
        Index("inbound_texts_provider", "provider", "provider_id", unique=True),
        Index("inbound_texts_received", "received_at"),
        Index("inbound_texts_number", "phone_index", "received_at"),
        Index("inbound_texts_person", "person_id"),
        Index("inbound_texts_joined", "joined_to"),
        Index("inbound_texts_open", "id", postgresql_where=OPEN),
    )

    id: UUID = Field(primary_key=True)
    provider: str
    provider_id: str
    region: str
    action: str
    person_id: UUID | None = None
    message_id: UUID | None = None
    joined_to: UUID | None = None
    texts: int = 1
    phone_index: bytes = b""
    phone_sealed: bytes | None = None
    text_sealed: bytes | None = None
    received_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    answer_id: UUID | None = None
    read_at: datetime | None = Field(default=None, sa_type=Timestamp)
    read_by: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)
    done_by: str | None = None


class InboundPiece(Row, table=True):
    """A piece of a long text, sealed until the others have come; then only its id is kept for a
    while, by which a piece that comes again is known."""

    __tablename__ = "inbound_pieces"
    __table_args__ = (
        Index("inbound_pieces_number", "provider", "phone_index", "reference"),
        Index("inbound_pieces_received", "received_at"),
    )

    provider: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    region: str
    phone_index: bytes
    reference: int
    total: int
    number: int
    piece_sealed: bytes | None = None
    received_at: datetime = Field(sa_type=Timestamp)
