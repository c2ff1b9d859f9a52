"""Commands and views of appointments."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel

from services.migrant.appointments.rules import (
    FORESEEN,
    AppointmentStatus,
    NearDay,
    WaitStatus,
)
from services.migrant.services.rules import Service
from shared.commands import Command


class SlotView(BaseModel):
    """A time that can be booked, and for how many more."""

    at: datetime
    ends_at: datetime
    left: int


def _to_come(at: datetime) -> datetime:
    ahead = at - datetime.now(at.tzinfo)
    if not 0 < ahead.total_seconds() <= FORESEEN.total_seconds():
        raise ValueError(
            "预约时间应在以后两年内 / the time must be still to come, within two years"
        )
    return at


TimeToCome = Annotated[AwareDatetime, AfterValidator(_to_come)]


class BookAppointment(Command):
    """Keep a time of a place free for a person (预约)."""

    person_id: UUID
    place_id: UUID
    service: Service
    at: TimeToCome


class MoveAppointment(Command):
    """Another time at the same place (改期)."""

    at: TimeToCome


class AppointmentView(BaseModel):
    """An appointment; times are UTC. `name` is told in the day's list of the office, where the
    desk has met her."""

    id: UUID
    person_id: UUID
    place_id: UUID | None
    region: str
    office: str
    service: Service
    at: datetime
    ends_at: datetime
    status: AppointmentStatus
    recorded_at: datetime
    confirmed_at: datetime | None
    name: str | None = None


class WaitForTime(Command):
    """Wait for a time at a place on a day when all are taken (候补)."""

    person_id: UUID
    place_id: UUID
    service: Service
    day: NearDay


class WaitView(BaseModel):
    """Her place on a waiting list. `ahead` is how many wait for that day before her, while she
    waits; `at` is the time held for her until `held_until`, while one is; `appointment_id` is the
    appointment that it became when she accepted."""

    id: UUID
    person_id: UUID
    place_id: UUID
    service: Service
    day: date
    status: WaitStatus
    ahead: int | None
    at: datetime | None
    ends_at: datetime | None
    held_until: datetime | None
    appointment_id: UUID | None
    asked_at: datetime
