"""Tables: consents, and refusals to give one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Consent(Row, table=True):
    """What a person agreed to, in which words (text version), and when she took it back. For a
    child under 14 a guardian agreed, whose name is sealed, and it ends on `until`."""

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
    channel: str
    guardian_sealed: bytes | None = None
    guardian_relation: str | None = None
    until: date | None = None
    withdrawal_channel: str | None = None


class ConsentRefusal(Row, table=True):
    """That she was asked and said no (不同意), so that she is not asked again for some time. Has
    no other effect."""

    __tablename__ = "consent_refusals"
    __table_args__ = (Index("consent_refusals_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    purpose: str
    text_version: int
    channel: str
    declined_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
