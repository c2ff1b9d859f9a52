"""When a place is open, and which of its times are free. Pure; local times are China's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.migrant.services.rules import Service
from shared.clock import CHINA, today
from shared.text import CalendarDay

FORESEEN = timedelta(days=800)  # how far from today a day of appointments may be


def near(day: date) -> date:
    """Raises ValueError for a day that no calendar of appointments reaches."""
    if abs(day - today()) > FORESEEN:
        raise ValueError("日期太远 / the day is too far away")
    return day


NearDay = Annotated[CalendarDay, AfterValidator(near)]


class AppointmentStatus(StrEnum):
    """There is no "missed": a time that passed unused is only a time that passed."""

    HELD = "held"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    KEPT = "kept"


class WaitStatus(StrEnum):
    """Where a place on a waiting list stands (候补状态)."""

    WAITING = "waiting"  # 候补中
    OFFERED = "offered"  # 有号待确认
    TAKEN = "taken"  # 已转预约
    LAPSED = "lapsed"  # 逾时未确认
    WITHDRAWN = "withdrawn"  # 已撤回
    OVER = "over"  # 当日已过


class Hours(BaseModel):
    """A stretch of a day in times of `minutes` each, every one for up to `capacity` people who
    come for any of `services`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens: time
    closes: time
    minutes: Annotated[int, Field(ge=5, le=480)]
    capacity: Annotated[int, Field(ge=1, le=1000)]
    services: Annotated[tuple[Service, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("时间为当地时间,不带时区 / local times have no offset")
        length = _minutes(self.closes) - _minutes(self.opens)
        if length < self.minutes:
            raise ValueError("开放时间不足一个号 / the hours are shorter than one appointment")
        return self


class Window(Hours):
    """Hours of the week; Monday is 1."""

    weekdays: Annotated[
        tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)
    ]


class ExceptionalDay(BaseModel):
    """A day with hours of its own (调休、节假日); none at all: closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: CalendarDay
    hours: Annotated[list[Hours], Field(max_length=20)]


class Booking(BaseModel):
    """When a place keeps appointments (预约安排): `windows` of the week, `exceptions` for single
    days, how many days ahead one can book, and how long a time that came free is held for whoever
    waits for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days_ahead: Annotated[int, Field(ge=1, le=365)] = 60
    hold_minutes: Annotated[int, Field(ge=15, le=1440)] = 120
    windows: Annotated[list[Window], Field(max_length=50)]
    exceptions: Annotated[list[ExceptionalDay], Field(max_length=400, default_factory=list)]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        check_hours(self.windows, self.exceptions)
        return self


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of a place (UTC) for a set of services."""

    at: datetime
    ends_at: datetime
    capacity: int
    services: frozenset[Service]


def check_hours(windows: Sequence[Window], exceptions: Sequence[ExceptionalDay]) -> None:
    """Raises ValueError where one service has two hours at once, or a day two exceptions."""
    for weekday in range(1, 8):
        _check_apart([each for each in windows if weekday in each.weekdays])
    for exception in exceptions:
        _check_apart(exception.hours)
    days = [each.day for each in exceptions]
    if len(set(days)) < len(days):
        raise ValueError("同一天写了两次 / a day is there twice")


def slots_of(day: date, booking: Booking, service: Service) -> list[Slot]:
    """The times of a day at which a service can be booked, earliest first."""
    exceptional = [each.hours for each in booking.exceptions if each.day == day]
    hours: Sequence[Hours] = (
        exceptional[0]
        if exceptional
        else [each for each in booking.windows if day.isoweekday() in each.weekdays]
    )
    found = [slot for each in hours if service in each.services for slot in _cut(day, each)]
    return sorted(found, key=lambda slot: slot.at)


@dataclass(frozen=True, slots=True)
class Taken:
    """What of a day can no longer be had: how many are `booked` by start and service, and to how
    many who wait for a time of that day the next one is `promised`, by service."""

    booked: Mapping[tuple[datetime, str], int]
    promised: Mapping[str, int] = field(default_factory=dict)


def left_of(slot: Slot, taken: Taken) -> int:
    """How many more can come at a time."""
    gone = sum(
        taken.booked.get((slot.at, service), 0) + taken.promised.get(service, 0)
        for service in slot.services
    )
    return max(slot.capacity - gone, 0)


def hold_until(now: datetime, minutes: int, at: datetime, answering: range) -> datetime:
    """Until when a time that came free is held: so many minutes, of which those before and after
    the hours of `answering` (0 to 23, China's) do not count, and never beyond its beginning."""
    local = now.astimezone(CHINA)
    if local.hour not in answering:  # nobody is asked to answer a text by night
        day = local.date() + timedelta(days=local.hour >= answering.stop)
        local = datetime.combine(day, time(answering.start), CHINA)
    return min((local + timedelta(minutes=minutes)).astimezone(UTC), at)


def local_day(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in China and of the next, in UTC."""
    begins = datetime.combine(day, time(), CHINA).astimezone(UTC)
    return begins, begins + timedelta(days=1)


def _cut(day: date, hours: Hours) -> Iterator[Slot]:
    begins = datetime.combine(day, hours.opens, CHINA).astimezone(UTC)
    closes = datetime.combine(day, hours.closes, CHINA).astimezone(UTC)
    length = timedelta(minutes=hours.minutes)
    while begins + length <= closes:
        yield Slot(begins, begins + length, hours.capacity, frozenset(hours.services))
        begins += length


def _check_apart(hours: Sequence[Hours]) -> None:
    for place, one in enumerate(hours):
        for other in hours[place + 1 :]:
            at_once = one.opens < other.closes and other.opens < one.closes
            if at_once and set(one.services) & set(other.services):
                raise ValueError(
                    "同一事项的开放时间重叠 / the hours of one service overlap each other"
                )


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
