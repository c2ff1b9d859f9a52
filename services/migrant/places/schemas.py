"""Commands and views of places."""

from datetime import date
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.migrant.appointments.rules import Booking, near
from services.migrant.entitlements.rules import Department
from services.migrant.places.rules import Feature, PlaceKind
from services.migrant.supplies.rules import SupplyOffer
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, clean

_IN_A_TEXT: Final = 40  # characters that a text message has for a place

_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
OfficeNumber = Annotated[
    str, Field(pattern=r"^[0-9][0-9-]{2,18}[0-9]$", description="a public number of the office")
]
_Org = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(clean)]
_Login = Annotated[str, Field(min_length=1, max_length=100)]


class Hours(BaseModel):
    """When it is open: on these days (1 is Monday), from and until, in China's time."""

    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    opens: _Clock
    closes: _Clock

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes or len(set(self.days)) != len(self.days):
            raise ValueError("开放时间有误 / opening hours are not in order")
        return self


class KeepPlace(Command):
    """Enter a place (服务点), or change all that is told of it. With `booking` its names go into
    reminders: they say where to go and never what for."""

    area: CountyCode
    kind: PlaceKind
    department: Department | None = None
    org: _Org | None = None
    name_zh: ShortText
    name_en: ShortText
    address: ShortText
    longitude: Annotated[float | None, Field(ge=73, le=136)] = None
    latitude: Annotated[float | None, Field(ge=3, le=54)] = None
    office_phone: OfficeNumber | None = None
    hours: Annotated[list[Hours], Field(max_length=7, default_factory=list)]
    note: ShortText | None = None
    features: Annotated[list[Feature], Field(max_length=6, default_factory=list)]
    booking: Booking | None = None
    supplies: SupplyOffer | None = None
    machine: _Login | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            raise ValueError("经纬度须同时填写 / longitude and latitude go together")
        if self.machine is not None and self.supplies is not SupplyOffer.MACHINE:
            raise ValueError("设备只登记在自助发放点 / only a machine has a machine's login")
        if self.booking is None:
            return self
        for each in self.booking.exceptions:
            near(each.day)
        if self.org is None:
            raise ValueError("预约点须写明单位 / who keeps appointments there has to be named")
        for name in (self.name_zh, self.name_en):
            if len(name) > _IN_A_TEXT or set(name) & set("【】"):  # read as a second sender
                raise ValueError(
                    f"预约点名称不超过{_IN_A_TEXT}字,不含【】 / a name that goes into texts has at"
                    f" most {_IN_A_TEXT} characters and no 【】"
                )
        return self


class ClosePlace(Command):
    """The first day it does not serve any more."""

    closed_on: CalendarDay


class PlaceView(BaseModel):
    """A place as the offices keep it."""

    id: UUID
    area: str
    kind: PlaceKind
    department: Department | None
    org: str | None
    name_zh: str
    name_en: str
    address: str
    longitude: float | None
    latitude: float | None
    office_phone: str | None
    hours: list[Hours]
    note: str | None
    features: list[Feature]
    booking: Booking | None
    supplies: SupplyOffer | None
    machine: str | None
    closed_on: date | None
    version: int


class OfficeView(BaseModel):
    """Where to go, in the reader's language."""

    id: UUID
    kind: PlaceKind
    name: str
    address: str
    phone: str | None
    hours: list[str]
    features: list[str]
