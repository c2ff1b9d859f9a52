"""HTTP door of the calendar of working days."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator

from services.exchange.auth import CanAdminister, CanRead
from services.exchange.inquiries import calendar
from services.exchange.inquiries.calendar_schemas import (
    CalendarCoverage,
    CalendarDayInput,
    CalendarDayView,
    YearInput,
)
from shared.http import Route, Transaction
from shared.text import CalendarDay

router = APIRouter(tags=["inquiries"], route_class=Route)


@router.get("/calendar-days", summary="Days that differ from the week's habit")
async def list_days(
    actor: CanRead, tx: Transaction, year: Annotated[int, Query(ge=2000, le=2100)]
) -> list[CalendarDayView]:
    return await calendar.list_days(year, tx)


def _in_use(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise ValueError("日期应在 2000 至 2100 年之间 / a day from 2000 to 2100 is needed")
    return day


@router.put("/calendar-days/{day}", summary="Correct the calendar")
async def put_day(
    day: Annotated[CalendarDay, AfterValidator(_in_use)],
    command: CalendarDayInput,
    actor: CanAdminister,
    tx: Transaction,
) -> CalendarDayView:
    return await calendar.put_day(command, day, tx)


@router.get("/calendar-years", summary="Which years' holidays are known")
async def get_coverage(actor: CanRead, tx: Transaction) -> CalendarCoverage:
    return await calendar.get_coverage(tx)


@router.put("/calendar-years/{year}", summary="Enter the holidays of a year from the notice")
async def put_year(
    year: Annotated[int, Path(ge=2024, le=2100)],
    command: YearInput,
    actor: CanAdminister,
    tx: Transaction,
) -> CalendarCoverage:
    return await calendar.put_year(command, year, tx)
