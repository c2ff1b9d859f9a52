"""Tables: appointments, and the places that keep them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class AppointmentPlace(Row, table=True):
    """Where an office keeps appointments (预约点), and when: `windows` of the week, `exceptions`
    for single days. Its name goes into texts, so it never says what is treated there."""

    __tablename__ = "appointment_places"
    __table_args__ = (
        Index("appointment_places_area", "area", postgresql_ops={"area": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    area: str
    office: str
    name_zh: str
    name_en: str
    address: str
    days_ahead: int
    windows: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    exceptions: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    version: int = 1
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str


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
    place_id: UUID | None = Field(default=None, foreign_key="appointment_places.id")
    ends_at: datetime = Field(sa_type=Timestamp)
    booked_from: str
    revision: int = 1
    confirmed_at: datetime | None = Field(default=None, sa_type=Timestamp)
