"""Table: requests for help."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class HelpRequest(Row, table=True):
    """A request for help (求助), with or without a name; what was said is sealed."""

    __tablename__ = "help_requests"
    __table_args__ = (
        Index("help_requests_person", "person_id"),
        Index("help_requests_due", "region", "due_on", postgresql_where="settled_at IS NULL"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID | None = None
    region: str
    category: str
    department: str
    text_sealed: bytes
    phone_sealed: bytes | None = None
    requested_on: date
    accept_by: date
    due_on: date
    accepted_on: date | None = None
    extension_reason: str | None = None
    answer_sealed: bytes | None = None
    satisfied: bool | None = None
    in_time: bool | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
