"""Table: consents."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Consent(Row, table=True):
    """What a person agreed to, in which words (text version), and when she took it back."""

    __tablename__ = "consents"
    __table_args__ = (
        Index("consents_person", "person_id"),
        Index(
            "consents_standing",
            "person_id",
            "purpose",
            unique=True,
            postgresql_where="withdrawn_at IS NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    purpose: str
    text_version: int
    language: str
    phone_sealed: bytes | None = None
    given_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
    withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    withdrawn_by: str | None = None
