"""Commands and views of services delivered and appointments."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel

from services.migrant.services.rules import AppointmentStatus, ResidentKind, Service
from services.migrant.types import PastDate
from shared.commands import Command, CountyCode


class RecordService(Command):
    """Record that a person was served (服务记录)."""

    person_id: UUID
    region: CountyCode
    service: Service
    resident_kind: ResidentKind
    delivered_on: PastDate
    appointment_id: UUID | None = None


class ServiceRecordView(BaseModel):
    id: UUID
    person_id: UUID
    region: str
    office: str
    service: Service
    resident_kind: ResidentKind
    delivered_on: date
    appointment_id: UUID | None
    recorded_at: datetime


def _to_come(at: datetime) -> datetime:
    if at <= datetime.now(at.tzinfo):
        raise ValueError("预约时间应在以后 / the time must be still to come")
    return at


class BookAppointment(Command):
    """Keep a time free for a person (预约)."""

    person_id: UUID
    region: CountyCode
    service: Service
    at: Annotated[AwareDatetime, AfterValidator(_to_come)]


class AppointmentView(BaseModel):
    id: UUID
    person_id: UUID
    region: str
    office: str
    service: Service
    at: datetime
    status: AppointmentStatus
    recorded_at: datetime
