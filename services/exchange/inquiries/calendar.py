"""The calendar of working days (工作日历): the State Council's, which a county may correct."""

from datetime import date

from chinese_calendar.constants import holidays, workdays

from services.exchange.inquiries.models import CalendarDay
from services.exchange.inquiries.rules import LONGEST_WAIT, days_for, due_after
from services.exchange.inquiries.schemas import CalendarDayInput, CalendarDayView
from shared.db import Tx

SOURCE = "国务院办公厅节假日安排 (chinesecalendar)"
OWN_SOURCE = "county"
_SINCE = date(2024, 1, 1)


async def load_calendar(tx: Tx) -> None:
    """At start-up: enter published days that are not there; what a county wrote stays."""
    days = [(day, False, name) for day, name in holidays.items() if day >= _SINCE]
    days += [(day, True, name) for day, name in workdays.items() if day >= _SINCE]
    await tx.execute(
        "INSERT INTO calendar_days (day, working, name, source)"
        " SELECT day, working, name, $4 FROM unnest($1::date[], $2::bool[], $3::text[])"
        " AS t (day, working, name) ON CONFLICT (day) DO NOTHING",
        [day for day, _, _ in days],
        [working for _, working, _ in days],
        [name for _, _, name in days],
        SOURCE,
    )


async def due_date(start: date, urgent: bool, tx: Tx) -> date:
    """By when an inquiry opened on `start` is to be answered."""
    rows = await tx.fetch(
        "SELECT day, working FROM calendar_days WHERE day > $1 AND day <= $2",
        start,
        start + LONGEST_WAIT,
    )
    calendar = {row["day"]: row["working"] for row in rows}
    return due_after(start, days_for(urgent), calendar)


async def put_day(command: CalendarDayInput, day: date, tx: Tx) -> CalendarDayView:
    """Correct the calendar; deadlines already set stay as they are."""
    await tx.execute(
        "INSERT INTO calendar_days (day, working, name, source) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (day) DO UPDATE SET working = $2, name = $3, source = $4",
        day,
        command.working,
        command.name,
        OWN_SOURCE,
    )
    return CalendarDayView(day=day, source=OWN_SOURCE, **command.model_dump())


async def list_days(year: int, tx: Tx) -> list[CalendarDayView]:
    rows = await tx.find(
        CalendarDay,
        "SELECT * FROM calendar_days WHERE extract(year FROM day) = $1 ORDER BY day",
        year,
    )
    return [CalendarDayView(**row.model_dump()) for row in rows]
