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


def union_pay(typed: str) -> str:
    """A UnionPay card (银联卡): 16 to 19 digits that begin with 62 and pass Luhn's check
    (GB/T 15694, ISO/IEC 7812)."""
    digits = typed.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 16 <= len(digits) <= 19):
        raise ValueError("银行卡号应为16至19位数字 / a card number has 16 to 19 digits")
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    if not digits.startswith("62") or sum(each // 10 + each % 10 for each in doubled) % 10:
        raise ValueError("银行卡号校验不符 / the card number does not check")
    return digits


PastDate = Annotated[CalendarDay, AfterValidator(_past)]
TownshipCode = Annotated[RegionCode, AfterValidator(_township_or_smaller)]
ShortText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Fen = Annotated[int, Field(strict=True, ge=1, le=100_000_000)]
"""A sum of money in whole fen (分)."""
AccountNumber = Annotated[str, Field(max_length=30), AfterValidator(union_pay)]
