"""Assessment periods (考核周期): a month, quarter, half-year or year of the calendar."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF: 6, PeriodKind.YEAR: 12}
_FORM = re.compile(
    r"(?P<year>20[0-9]{2})(-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4])|-H(?P<half>[12]))?"
)


@dataclass(frozen=True, slots=True)
class Period:
    """`start` and `end` are its first and last day."""

    text: str
    kind: PeriodKind
    start: date
    end: date


def parse_period(text: str) -> Period:
    """ "2026-11", "2026-Q4", "2026-H2" or "2026". Raises ValueError."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(
            "周期写作 2026-11、2026-Q4、2026-H2 或 2026"
            " / a period is 2026-11, 2026-Q4, 2026-H2 or 2026"
        )
    kind, number = PeriodKind.YEAR, 1
    for each in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.HALF):
        if found[each.value]:
            kind, number = each, int(found[each.value])
    months = _MONTHS[kind]
    year, first = int(found["year"]), (number - 1) * months + 1
    after = date(year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return Period(text, kind, date(year, first, 1), after - timedelta(days=1))


def period_on(day: date, kind: PeriodKind) -> Period:
    """The period of a kind that a day lies in."""
    match kind:
        case PeriodKind.MONTH:
            return parse_period(f"{day:%Y-%m}")
        case PeriodKind.QUARTER:
            return parse_period(f"{day.year}-Q{(day.month + 2) // 3}")
        case PeriodKind.HALF:
            return parse_period(f"{day.year}-H{1 if day.month < 7 else 2}")
        case _:
            return parse_period(str(day.year))


MonthText = Annotated[
    str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="e.g. 2026-10")
]


def _checked(text: str) -> str:
    return parse_period(text).text


PeriodText = Annotated[str, AfterValidator(_checked)]
