"""Commands and views of equal-service figures. A figure is null where it is under ten, or where
what it needs was not entered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.migrant.services.rules import ResidentKind, Service
from services.migrant.types import PastDate, ShortText
from shared.commands import Command, CountyCode
from shared.text import clean

Heading = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]
BudgetYear = Annotated[int, Field(ge=2000, le=2100)]


class Format(StrEnum):
    """How a table is wanted: to compute with, or to look at."""

    JSON = "json"
    CSV = "csv"
    SVG = "svg"


class EnterPopulation(Command):
    """Enter how many people of a kind an area has on a day, and where the number is from. The
    same day again replaces it."""

    area: CountyCode
    resident_kind: ResidentKind
    on_day: PastDate
    people: Annotated[int, Field(ge=0, le=100_000_000)]
    source: ShortText


class PopulationView(BaseModel):
    area: str
    resident_kind: ResidentKind
    on_day: date
    people: int
    source: str
    entered_at: datetime


class EnterBudget(Command):
    """Enter what is spent in a year under a heading on a kind of people, in fen, and by which
    document. The same heading again replaces it."""

    area: CountyCode
    year: BudgetYear
    heading: Heading
    resident_kind: ResidentKind
    amount_fen: Annotated[int, Field(ge=0, le=10**15)]
    source: ShortText


class BudgetView(BaseModel):
    area: str
    year: int
    heading: str
    resident_kind: ResidentKind
    amount_fen: int
    source: str
    entered_at: datetime


class BaseView(BaseModel):
    """The number of people that rates are measured against."""

    people: int
    on_day: date
    source: str


class BasesView(BaseModel):
    usual: BaseView | None
    migrant: BaseView | None


class ServedView(BaseModel):
    """People served and services delivered, rounded to five, and people of each 1,000."""

    people: int | None
    deliveries: int | None
    per_1000: float | None


class ServiceFigures(BaseModel):
    """A kind of service; `ratio` is migrants per 1,000 over locals per 1,000, 1.0 is parity."""

    service: Service
    name: str
    usual: ServedView
    migrant: ServedView
    ratio: float | None


class AnswerView(BaseModel):
    """Referrals that offices answered: how many, the median of days, percent within their time."""

    answered: int | None
    median_days: float | None
    in_time_percent: int | None


class AnswersView(BaseModel):
    usual: AnswerView
    migrant: AnswerView


class EqualServiceView(BaseModel):
    """How migrants and locals are served in an area and period (均等服务)."""

    region: str
    period: str
    since: date
    until: date
    bases: BasesView
    services: list[ServiceFigures]
    referrals: AnswersView


class SpentView(BaseModel):
    amount_fen: int | None
    per_head_fen: int | None
    source: str | None


class HeadingFigures(BaseModel):
    """A heading of the budget; `ratio` is migrants a head over locals a head, 1.0 is parity."""

    heading: str
    usual: SpentView
    migrant: SpentView
    ratio: float | None


class BudgetParityView(BaseModel):
    """What is spent a head on migrants and locals in a year (经费均等); `total` is all headings."""

    area: str
    year: int
    bases: BasesView
    headings: list[HeadingFigures]
    total: HeadingFigures
