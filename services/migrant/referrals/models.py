"""Table: referrals."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Referral(Row, table=True):
    """A referral (转介) of a person for a kind of service to an office. `region` is where she is,
    `office_region` where the office serves. Name, phone and note are there only while her consent
    stands and the referral is open; `reason` is why it was not possible."""

    __tablename__ = "referrals"
    __table_args__ = (
        Index("referrals_number", "number", unique=True),
        Index("referrals_person", "person_id"),
        Index("referrals_office", "office", "id"),
        Index("referrals_from", "from_office", "id"),
        Index("referrals_ended", "ended_on"),
    )

    id: UUID = Field(primary_key=True)
    number: str
    person_id: UUID
    region: str
    office_region: str
    service: str
    department: str
    office: str
    place_id: UUID
    from_office: str
    by_herself: bool
    resident_kind: str
    note_sealed: bytes | None = None
    name_sealed: bytes | None = None
    phone_sealed: bytes | None = None
    consent_version: int | None = None
    consent_language: str | None = None
    consent_withdrawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    state: str
    made_on: date
    due_on: date
    accepted_on: date | None = None
    ended_on: date | None = None
    reason: str | None = None
    answer_sealed: bytes | None = None
    record_id: UUID | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
