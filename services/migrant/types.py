"""Types that this service's commands share."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.clock import today
from shared.codes import RegionCode
from shared.text import CalendarDay, clean

EARLIEST = date(1950, 1, 1)
COUNTY_DIGITS = 6


def _past(day: date) -> date:
    if not EARLIEST <= day <= today():
        raise ValueError("日期应在 1950 年至今天之间 / a date between 1950 and today is needed")
    return day


def _township_or_smaller(code: str) -> str:
    if len(code) < 9:
        raise ValueError("请写到乡镇、街道或村、社区 / a township or a village is needed")
    return code


PastDate = Annotated[CalendarDay, AfterValidator(_past)]
TownshipCode = Annotated[RegionCode, AfterValidator(_township_or_smaller)]
ShortText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
