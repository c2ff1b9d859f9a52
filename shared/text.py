"""Names, phone numbers and days as people type them, made uniform. Stored text is NFC."""

import re
import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """NFC, single spaces. Raises ValueError for control characters and text-direction tricks."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn") for each in text):
        raise ValueError("文本中有不可见或无效字符 / the text holds control or invalid characters")
    return text


def name(text: str) -> str:
    """A person's name: letters of any script, spaces, and the dots of minority names (·)."""
    text = clean(text)
    if not any(unicodedata.category(each).startswith("L") for each in text):
        raise ValueError("姓名中没有文字 / a name has letters")
    if any(each.isdigit() or each in '<>{}[]|\\/"=+@#$%^&*;:?!' for each in text):
        raise ValueError("姓名中有不应出现的符号 / a name has no such symbols")
    return text


def mobile(text: str) -> str:
    """A mainland mobile number as 11 digits; full-width digits, +86, spaces and hyphens are
    taken. Raises ValueError."""
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).removeprefix("+86")
    if not _MOBILE.fullmatch(digits):
        raise ValueError("不是 11 位手机号 / not a mobile number of 11 digits")
    return digits


def written_out(day: object) -> object:
    """Refuses a day that is a number. 20260501 is a day to whoever typed it, and would be read as
    seconds since 1970: as the 23rd of August of that year."""
    if isinstance(day, int | float) or (isinstance(day, str) and "-" not in day.strip()[1:]):
        raise ValueError("日期应写作 2026-01-31 / a day is written 2026-01-31")
    return day


CalendarDay = Annotated[date, BeforeValidator(written_out)]
PersonName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(name)]
FreeText = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(clean)]
MobileNumber = Annotated[str, Field(max_length=24), AfterValidator(mobile)]
