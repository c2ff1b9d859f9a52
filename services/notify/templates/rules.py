"""Decisions about templates: what a text may hold, and how its variables are filled in."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from services.notify.errors import WrongVariables
from shared.clock import CHINA
from shared.problems import Text
from shared.text import clean

OFFICIAL = "official"  # texts to officials about their work: counts, never persons


class Kind(StrEnum):
    """URGENT (紧急) goes at any hour; NOTICE (通知) and PROMOTION (推广) at decent ones."""

    URGENT = "urgent"
    NOTICE = "notice"
    PROMOTION = "promotion"


class VariableType(StrEnum):
    """What a variable may hold. Dates and times are written as the language writes them."""

    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"


_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,30})\}")
# An id number or a mobile number: somebody's data, and no business of a text.
_IDENTIFIER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
_TEXT_LIMIT = 40


def clean_signature(text: str) -> str:
    """The sender's name (签名) without its brackets 【】."""
    name = clean(text).removeprefix("【").removesuffix("】").strip()
    if not 2 <= len(name) <= 20 or set(name) & set("【】[]{}"):
        raise ValueError("签名应为 2 至 20 个字 / a signature has 2 to 20 characters")
    return name


def places_of(text: str) -> frozenset[str]:
    """The names of the variables in a text. Raises ValueError for braces that are not places,
    and for brackets that would look like a second signature."""
    if set(_PLACE.sub("", text)) & set("{}【】"):
        raise ValueError(
            "变量写作 {name},正文不含【】 / write variables as {name}, and no 【】 in the text"
        )
    return frozenset(_PLACE.findall(text))


def check_text(text: str, variables: Mapping[str, VariableType], purpose: str) -> None:
    """Raises ValueError where text and declaration differ, the text holds somebody's number, or
    a text to officials could hold more than counts and dates."""
    if places_of(text) != frozenset(variables):
        raise ValueError(
            "正文中的变量与声明不一致 / the variables in the text are not those declared"
        )
    if _IDENTIFIER.search(text):
        raise ValueError("正文中不能有证件号或手机号 / no id numbers or mobile numbers in a text")
    if purpose == OFFICIAL and VariableType.TEXT in variables.values():
        raise ValueError("工作短信只能含数字和日期 / a text to officials has counts and dates only")


def fill(
    text: str,
    variables: Mapping[str, VariableType],
    values: Mapping[str, str | int],
    language: str,
) -> str:
    """The text with its places filled. Raises WrongVariables, naming them but not their values."""
    missing = sorted(variables.keys() - values.keys())
    unknown = sorted(values.keys() - variables.keys())
    wrong: list[str] = []
    written: dict[str, str] = {}
    for name in sorted(variables.keys() & values.keys()):
        try:
            written[name] = _write(values[name], VariableType(variables[name]), language)
        except ValueError:
            wrong.append(name)
    if missing or unknown or wrong:
        raise WrongVariables(
            Text("缺少、多余或取值不符的变量见下", "See which are missing, unknown or wrong"),
            missing=missing,
            unknown=unknown,
            wrong=wrong,
        )
    return _PLACE.sub(lambda place: written[place[1]], text)


def compose(signature: str, text: str, kind: str, language: str) -> str:
    """What the person reads: signature, text, and for promotion the way out (工信部令第31号:
    every commercial text says how to refuse it)."""
    out = ""
    if kind == Kind.PROMOTION:
        out = ",拒收请回复R" if language.startswith("zh") else " Reply R to stop"
    return f"【{signature}】{text}{out}"


def _write(value: str | int, kind: VariableType, language: str) -> str:
    if kind is VariableType.NUMBER:
        return str(int(value))
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    if kind is VariableType.DATE:
        return _date(date.fromisoformat(value), language)
    if kind is VariableType.DATETIME:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time has a zone")
        local = moment.astimezone(CHINA)
        return f"{_date(local.date(), language)}{_gap(language)}{local:%H:%M}"
    text = clean(value)
    if not 1 <= len(text) <= _TEXT_LIMIT or set(text) & set("【】") or _IDENTIFIER.search(text):
        raise ValueError("not a value for a text")
    return text


def _date(day: date, language: str) -> str:
    chinese = language.startswith("zh")
    return f"{day.year}年{day.month}月{day.day}日" if chinese else day.isoformat()


def _gap(language: str) -> str:
    return "" if language.startswith("zh") else " "
