"""Tables: services delivered, appointments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ServiceRecord(Row, table=True):
    """That a person was served: by whom, with what, when. Never a result or a diagnosis."""

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


class Appointment(Row, table=True):
    """A time kept free for a person. Missing it has no consequence."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index("appointments_person", "person_id"),
        Index("appointments_place", "region", "at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    office: str
    service: str
    at: datetime = Field(sa_type=Timestamp)
    status: str
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
