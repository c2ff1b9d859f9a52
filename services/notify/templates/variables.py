"""What a variable of a template may hold (模板变量), and how it is written. Pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from services.notify.templates.languages import Language
from services.notify.templates.screening import (
    Fault,
    hidden_fault,
    holds_identifier,
    is_mixed_up,
    link_fault,
    links_in,
    names_somebody,
)
from shared.clock import CHINA
from shared.text import clean

Value = str | int
Choices = Mapping[str, Mapping[str, str]]
"""Variable → choice → the words for it in the template's language."""


class VariableType(StrEnum):
    """What a variable may hold. Days and times are written as the language writes them. PHONE is
    an office's, never a mobile; LINK leads to an allowed host (links.json); CHOICE is one of the
    words its template lists."""

    TEXT = "text"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    NUMBER = "number"
    PHONE = "phone"
    LINK = "link"
    CHOICE = "choice"


class Refused(ValueError):
    """A value that does not fit, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


_TEXT_LIMIT: Final = 40
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
_MOST: Final = 999_999_999
# Short numbers (110, 12345, 95588), landlines with their area, 400 and 800.
_OFFICE = re.compile(
    r"[19]\d{2,5}|0\d{2,3}-?[2-9]\d{6,7}(?:-\d{1,6})?|[48]00-?\d{3}-?\d{4}", re.ASCII
)


def write(
    value: Value,
    kind: VariableType,
    language: Language,
    choices: Mapping[str, str],
    hosts: Collection[str],
) -> str:
    """The value as it stands in the text. Raises Refused."""
    if kind is VariableType.NUMBER:
        return _number(value)
    if not isinstance(value, str):
        raise Refused(Fault.NOT_TEXT)
    fault = hidden_fault(value)
    if fault is not None:
        raise Refused(fault)
    if kind is VariableType.DATE:
        return language.write_date(_day(value))
    if kind is VariableType.TIME:
        return _time(value)
    if kind is VariableType.DATETIME:
        return _moment(value, language)
    if kind is VariableType.PHONE:
        return _office(value)
    if kind is VariableType.LINK:
        return _link(value, hosts)
    if kind is VariableType.CHOICE:
        return _choice(value, choices)
    return _text(value)


def _number(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Refused(Fault.NOT_A_NUMBER)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise Refused(Fault.NOT_A_NUMBER)
    if abs(int(value)) > _MOST:
        raise Refused(Fault.NOT_A_NUMBER)
    return str(int(value))


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value if _DAY.fullmatch(value) else "")
    except ValueError:
        raise Refused(Fault.NOT_A_DAY) from None


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise Refused(Fault.NOT_A_TIME)
    return f"{time.fromisoformat(value):%H:%M}"


def _moment(value: str, language: Language) -> str:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise Refused(Fault.NOT_A_MOMENT)
        local = moment.astimezone(CHINA)
    except (ValueError, OverflowError):
        raise Refused(Fault.NOT_A_MOMENT) from None
    return language.write_moment(local.date(), local.time())


def _office(value: str) -> str:
    number = re.sub(r"\s", "", unicodedata.normalize("NFKC", value))
    if not _OFFICE.fullmatch(number):
        raise Refused(Fault.NOT_AN_OFFICE)
    return number


def _link(value: str, hosts: Collection[str]) -> str:
    fault = link_fault(value, hosts)
    if fault is not None:
        raise Refused(fault)
    return value


def _choice(value: str, choices: Mapping[str, str]) -> str:
    if value not in choices:
        raise Refused(Fault.NOT_A_CHOICE)
    return choices[value]


def _text(value: str) -> str:
    text = clean(value)
    fault = _text_fault(text)
    if fault is not None:
        raise Refused(fault)
    return text


def _text_fault(text: str) -> Fault | None:
    if not text:
        return Fault.EMPTY
    if len(text) > _TEXT_LIMIT:
        return Fault.TOO_LONG
    if set(text) & set("【】"):
        return Fault.BRACKET
    if holds_identifier(text):
        return Fault.IDENTIFIER
    if is_mixed_up(text):
        return Fault.LOOK_ALIKE
    if links_in(text):
        return Fault.LINK
    return Fault.ADDRESSED if names_somebody(text) else None
