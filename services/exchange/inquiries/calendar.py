"""The calendar of working days (工作日历): the State Council's, which a county may correct, and
add to when the next year's notice is out."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from chinese_calendar.constants import holidays, workdays

from services.exchange.inquiries.calendar_schemas import (
    CalendarCoverage,
    CalendarDayInput,
    CalendarDayView,
    YearInput,
    YearView,
)
from services.exchange.inquiries.errors import CalendarRefused
from services.exchange.inquiries.models import CalendarDay
from services.exchange.inquiries.rules import (
    LONGEST_WAIT,
    WARN_BEFORE,
    days_for,
    due_after,
    known_until,
)
from services.exchange.inquiries.states import OVER
from shared.db import Tx

SOURCE = "国务院办公厅节假日安排 (chinesecalendar)"
OWN_SOURCE = "county"
_SINCE = date(2024, 1, 1)

_ENTER_YEAR = """
INSERT INTO calendar_years (year, source, entered_by, entered_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (year) DO UPDATE SET source = $2, entered_by = $3, entered_at = $4
"""
_YEARS = """
SELECT y.year, y.source, y.entered_at,
       (SELECT count(*) FROM calendar_days WHERE extract(year FROM day) = y.year) AS days
FROM calendar_years AS y ORDER BY y.year
"""


class Deadline(NamedTuple):
    """By when an answer is due; `provisional` where the holidays of a year in between are not
    known."""

    on: date
    provisional: bool


async def load_calendar(tx: Tx) -> None:
    """At start-up: enter the published years that are not there. What a county wrote stays."""
    years = {day.year for day in holidays if day >= _SINCE}
    known = await _known_years(tx)
    days = [(day, False, name) for day, name in holidays.items() if day.year in years - known]
    days += [(day, True, name) for day, name in workdays.items() if day.year in years - known]
    await _enter_days(days, SOURCE, tx)
    for year in sorted(years - known):
        await tx.execute(_ENTER_YEAR, year, SOURCE, tx.actor.sub, tx.now)
    if years - known:
        await _ask_recount(tx)


async def _known_years(tx: Tx) -> set[int]:
    return {row["year"] for row in await tx.fetch("SELECT year FROM calendar_years")}


async def _enter_days(days: Collection[tuple[date, bool, str]], source: str, tx: Tx) -> None:
    """A day that is there, because the county wrote it, stays."""
    await tx.execute(
        "INSERT INTO calendar_days (day, working, name, source)"
        " SELECT day, working, name, $4 FROM unnest($1::date[], $2::bool[], $3::text[])"
        " AS t (day, working, name) ON CONFLICT (day) DO NOTHING",
        [day for day, _, _ in days],
        [working for _, working, _ in days],
        [name for _, _, name in days],
        source,
    )


async def _ask_recount(tx: Tx) -> None:
    """Deadlines that were counted without the holidays of their year are counted again, by the
    clock, one after the other: of what is over, those by which an answer came late. Only the asking
    county counts."""
    await tx.execute(
        "UPDATE inquiries SET recount_due = true"
        " WHERE due_provisional AND side = 'asking' AND erased_at IS NULL"
        " AND (state <> ALL($1::text[]) OR in_time IS FALSE)",
        [state.value for state in OVER],
    )


async def due_date(start: date, urgent: bool, tx: Tx) -> Deadline:
    """By when an inquiry opened on `start` is to be answered."""
    rows = await tx.fetch(
        "SELECT day, working FROM calendar_days WHERE day > $1 AND day <= $2",
        start,
        start + LONGEST_WAIT,
    )
    calendar = {row["day"]: row["working"] for row in rows}
    on = due_after(start, days_for(urgent), calendar)
    known = known_until(start, await _known_years(tx))
    return Deadline(on, provisional=known is None or on > known)


async def put_day(command: CalendarDayInput, day: date, tx: Tx) -> CalendarDayView:
    """Correct the calendar. Deadlines already set stay as they are, but for provisional ones."""
    await tx.execute(
        "INSERT INTO calendar_days (day, working, name, source) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (day) DO UPDATE SET working = $2, name = $3, source = $4",
        day,
        command.working,
        command.name,
        OWN_SOURCE,
    )
    await _ask_recount(tx)
    return CalendarDayView(day=day, source=OWN_SOURCE, **command.model_dump())


async def put_year(command: YearInput, year: int, tx: Tx) -> CalendarCoverage:
    """Enter a year's notice, or enter it again: the days replace those of the notice before; what
    the county corrected stays, and so do deadlines already set, but for provisional ones. Raises
    CalendarRefused."""
    days = [(each.day, each.working, each.name) for each in command.days]
    if any(day.year != year for day, _, _ in days) or len({day for day, _, _ in days}) < len(days):
        raise CalendarRefused()
    await tx.execute(
        "DELETE FROM calendar_days WHERE extract(year FROM day) = $1 AND source <> $2",
        year,
        OWN_SOURCE,
    )
    await _enter_days(days, command.source, tx)
    await tx.execute(_ENTER_YEAR, year, command.source, tx.actor.sub, tx.now)
    await _ask_recount(tx)
    return await get_coverage(tx)


async def list_days(year: int, tx: Tx) -> list[CalendarDayView]:
    rows = await tx.find(
        CalendarDay,
        "SELECT * FROM calendar_days WHERE extract(year FROM day) = $1 ORDER BY day",
        year,
    )
    return [CalendarDayView(**row.model_dump()) for row in rows]


async def get_coverage(tx: Tx) -> CalendarCoverage:
    """How far the calendar reaches."""
    years = [YearView(**row) for row in await tx.fetch(_YEARS)]
    until = known_until(tx.today, {each.year for each in years})
    left = (until - tx.today).days if until is not None else 0
    return CalendarCoverage(
        years=years, known_until=until, days_left=left, ends_soon=left < WARN_BEFORE
    )
