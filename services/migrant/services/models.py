"""Table: services delivered."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ServiceRecord(Row, table=True):
    """That a person was served: by whom, with what, when. Never a result or a diagnosis. A record
    made in error stays, annulled; one that replaces it names it."""

    __tablename__ = "service_records"
    __table_args__ = (
        Index("service_records_person", "person_id"),
        Index("service_records_region", "region", "delivered_on"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    office: str
    service: str
    resident_kind: str
    delivered_on: date
    appointment_id: UUID | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
    referral_id: UUID | None = None
    replaces_id: UUID | None = None
    annulled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    annulled_by: str | None = None
    annulment_reason: str | None = None
