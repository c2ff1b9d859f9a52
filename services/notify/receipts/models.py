"""Table: texts that people sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.notify.base import Row
from shared.columns import Timestamp


class Inbound(Row, table=True):
    """A text from a person (上行短信), by the provider's id; whose it is, nobody has asked, so its
    region is the county's. Text and number are sealed and
    erased after a few days; of a stop only that it came is kept."""

    __tablename__ = "inbound_texts"
    __table_args__ = (
        Index("inbound_texts_provider", "provider", "provider_id", unique=True),
        Index("inbound_texts_received", "received_at"),
    )

    id: UUID = Field(primary_key=True)
    provider: str
    provider_id: str
    region: str
    stop: bool
    phone_sealed: bytes | None = None
    text_sealed: bytes | None = None
    received_at: datetime = Field(sa_type=Timestamp)
