"""Commands and views of the calendar of working days."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from services.exchange.notices.schemas import Closed
from shared.text import CalendarDay, clean

_Name = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(clean)]


class CalendarDayInput(Closed):
    working: bool
    name: _Name


class CalendarDayView(BaseModel):
    """A day that differs from the week's habit (节假日、调休)."""

    day: date
    working: bool
    name: str
    source: str


class YearDay(CalendarDayInput):
    day: CalendarDay


class YearInput(Closed):
    """The holidays of a year and the days worked instead, as the State Council published them
    (国务院办公厅关于部分节假日安排的通知). `source` is the notice's number."""

    source: _Name
    days: Annotated[list[YearDay], Field(min_length=7, max_length=100)]


class YearView(BaseModel):
    year: int
    source: str
    entered_at: datetime
    days: int


class CalendarCoverage(BaseModel):
    """The years whose holidays are known, until when without a gap from today on (null: not even
    this year's), and how many days that is. It `ends_soon` when fewer than sixty are left."""

    years: list[YearView]
    known_until: date | None
    days_left: int
    ends_soon: bool
