"""Commands and views of service points."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.migrant.entitlements.rules import Department
from services.migrant.points.rules import Feature, PointKind
from services.migrant.types import ShortText
from shared.commands import Command, CountyCode
from shared.text import CalendarDay, clean

_Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
OfficeNumber = Annotated[
    str, Field(pattern=r"^[0-9][0-9-]{2,18}[0-9]$", description="a public number of the office")
]
_Org = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(clean)]


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


class PlacePoint(Command):
    """Enter a service point, or change all that is told of it."""

    area: CountyCode
    kind: PointKind
    department: Department
    org: _Org | None = None
    name_zh: ShortText
    name_en: ShortText
    address: ShortText
    office_phone: OfficeNumber | None = None
    hours: Annotated[list[Hours], Field(max_length=7, default_factory=list)]
    features: Annotated[list[Feature], Field(max_length=6, default_factory=list)]


class ClosePoint(Command):
    """The first day it does not serve any more."""

    closed_on: CalendarDay


class PointView(BaseModel):
    """A service point as the offices keep it."""

    id: UUID
    area: str
    kind: PointKind
    department: Department
    org: str | None
    name_zh: str
    name_en: str
    address: str
    office_phone: str | None
    hours: list[Hours]
    features: list[Feature]
    closed_on: date | None
    version: int


class OfficeView(BaseModel):
    """Where to go, in the reader's language."""

    id: UUID
    kind: PointKind
    name: str
    address: str
    phone: str | None
    hours: list[str]
    features: list[str]
