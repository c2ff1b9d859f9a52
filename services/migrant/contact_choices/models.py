"""Table: contact choices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ContactChoice(Row, table=True):
    """How a person wants to be reached. A change is a new row and the newest holds, so that she
    can say it at any desk. Number and address are sealed; the hours are China's."""

    __tablename__ = "contact_choices"
    __table_args__ = (Index("contact_choices_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    channel: str
    language: str
    phone_sealed: bytes | None = None
    address_sealed: bytes | None = None
    from_hour: int
    to_hour: int
    chosen_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
