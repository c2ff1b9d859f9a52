"""Tables: appointments, and who waits for one."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Appointment(Row, table=True):
    """A time kept free for a person. Whether she came is not kept, and missing it has no
    consequence. `region` is the place's, `booked_from` that of the desk that booked; `revision`
    counts its changes; `confirmed_at` is when she texted back that she comes to this time, null
    where she did not, which has no consequence either. `place_id` is null for what was booked
    before places were kept."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index("appointments_person", "person_id"),
        Index("appointments_place", "place_id", "at"),
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
    place_id: UUID | None = Field(default=None, foreign_key="places.id")
    ends_at: datetime = Field(sa_type=Timestamp)
    booked_from: str
    revision: int = 1
    confirmed_at: datetime | None = Field(default=None, sa_type=Timestamp)


class AppointmentWait(Row, table=True):
    """That somebody waits for a time at a place on a day (候补), in the order of the ids and by
    nothing else. While it is `offered`, `appointment_id` is held for her until `held_until`.
    `passed_at` is when a time was free that she could not come to, so that others may have it.
    `region` is the place's, `booked_from` that of the desk that asked."""

    __tablename__ = "appointment_waits"
    __table_args__ = (
        Index(
            "appointment_waits_open",
            "place_id",
            "day",
            "id",
            postgresql_where="status IN ('waiting', 'offered')",
        ),
        Index("appointment_waits_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    place_id: UUID = Field(foreign_key="places.id")
    region: str
    booked_from: str
    service: str
    day: date
    status: str
    asked_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
    appointment_id: UUID | None = None
    held_until: datetime | None = Field(default=None, sa_type=Timestamp)
    passed_at: datetime | None = Field(default=None, sa_type=Timestamp)
