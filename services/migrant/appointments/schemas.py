"""Commands and views of appointments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from services.migrant.appointments.rules import (
    FORESEEN,
    AppointmentStatus,
    ExceptionalDay,
    Window,
    check_hours,
)
from services.migrant.services.rules import Service
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode
from shared.text import clean


def _fits_a_text(name: str) -> str:
    if set(name) & set("【】"):
        raise ValueError("名称中不能有【】 / no 【】 in the name")
    return name


# It has its place in a text message, where 【】 would look like a second sender.
PlaceName = Annotated[
    str, Field(min_length=1, max_length=40), AfterValidator(clean), AfterValidator(_fits_a_text)
]


class KeepPlace(Command):
    """A place where appointments are kept (预约点), with its hours. `name` goes into reminders:
    it says where to go and never what for."""

    area: CountyCode
    name_zh: PlaceName
    name_en: PlaceName
    address: ShortText
    days_ahead: Annotated[int, Field(ge=1, le=365)] = 60
    windows: Annotated[list[Window], Field(max_length=50)]
    exceptions: Annotated[list[ExceptionalDay], Field(max_length=400, default_factory=list)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        check_hours(self.windows, self.exceptions)
        return self


class PlaceView(BaseModel):
    id: UUID
    area: str
    office: str
    name_zh: str
    name_en: str
    address: str
    days_ahead: int
    windows: Sequence[Window]
    exceptions: Sequence[ExceptionalDay]
    version: int


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
