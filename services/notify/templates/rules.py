"""Decisions about templates: what a text may hold, and how its variables are filled in."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from services.notify.errors import WrongVariables
from services.notify.templates.languages import language_of
from services.notify.templates.screening import (
    SAID,
    Fault,
    allowed_hosts,
    hidden_fault,
    holds_identifier,
    is_mixed_up,
    links_fault,
)
from services.notify.templates.variables import Choices, Refused, Value, VariableType, write
from shared.problems import Text
from shared.text import clean

OFFICIAL = "official"  # texts to officials about their work: counts, never persons
OF_REPLIES = "reply"  # texts that answer somebody who wrote to us
STOP_HEARD = "stop-heard"  # the one text that says a stop is heard (退订确认)


class Kind(StrEnum):
    """URGENT (紧急) goes at any hour; NOTICE (通知) and PROMOTION (推广) at decent ones."""

    URGENT = "urgent"
    NOTICE = "notice"
    PROMOTION = "promotion"


_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,30})\}")
_COUNTS_ONLY: Final = frozenset({VariableType.NUMBER, VariableType.DATE})
_CHOICE_LIMIT: Final = 20
_NO_CHOICES: Final[Choices] = {}


def clean_signature(text: str) -> str:
    """The sender's name (签名) without its brackets 【】."""
    name = clean(text).removeprefix("【").removesuffix("】").strip()
    if not 2 <= len(name) <= 20 or set(name) & set("【】[]{}"):
        raise ValueError("签名应为 2 至 20 个字 / a signature has 2 to 20 characters")
    if is_mixed_up(name):
        raise ValueError(_about("签名", "the signature", Fault.LOOK_ALIKE))
    return name


def places_of(text: str) -> frozenset[str]:
    """The names of the variables in a text. Raises ValueError for braces that are not places,
    and for brackets that would look like a second signature."""
    if set(_PLACE.sub("", text)) & set("{}【】"):
        raise ValueError(
            "变量写作 {name},正文不含【】 / write variables as {name}, and no 【】 in the text"
        )
    return frozenset(_PLACE.findall(text))


def check_text(
    text: str, variables: Mapping[str, VariableType], purpose: str, hosts: Collection[str]
) -> None:
    """Raises ValueError where text and declaration differ, the text holds somebody's number or a
    link that is not allowed, or a text to officials could hold more than counts and dates."""
    if places_of(text) != frozenset(variables):
        raise ValueError(
            "正文中的变量与声明不一致 / the variables in the text are not those declared"
        )
    fault = _fault_of(_PLACE.sub(" ", text), hosts)
    if fault is not None:
        raise ValueError(_about("正文", "the text", fault))
    if purpose == OFFICIAL and not set(variables.values()) <= _COUNTS_ONLY:
        raise ValueError("工作短信只能含数字和日期 / a text to officials has counts and dates only")


def check_choices(variables: Mapping[str, VariableType], choices: Choices) -> None:
    """Raises ValueError unless exactly the variables of type choice list their words, and these
    are words a text may hold."""
    meant = {name for name, kind in variables.items() if kind is VariableType.CHOICE}
    if meant != set(choices) or not all(
        2 <= len(words) <= _CHOICE_LIMIT for words in choices.values()
    ):
        raise ValueError(
            "choice 变量须各列出 2 至 20 个选项 / each choice variable lists 2 to 20 choices"
        )
    for words in choices.values():
        for word in words.values():
            fault = hidden_fault(word) or _fault_of(word, ())
            if fault is not None or not word.strip() or set(word) & set("{}【】"):
                raise ValueError(_about("选项", "a choice", fault or Fault.EMPTY))


def fill(
    text: str,
    variables: Mapping[str, VariableType],
    values: Mapping[str, Value],
    language: str,
    choices: Choices = _NO_CHOICES,
) -> str:
    """The text with its places filled. Raises WrongVariables, which names them and says what is
    wrong with each, but not their values."""
    hosts, words = allowed_hosts(), language_of(language)
    wrong: dict[str, Fault] = {}
    written: dict[str, str] = {}
    for name in sorted(variables.keys() & values.keys()):
        kind = VariableType(variables[name])
        try:
            written[name] = write(values[name], kind, words, choices.get(name, {}), hosts)
        except Refused as refused:
            wrong[name] = refused.fault
    missing = sorted(variables.keys() - values.keys())
    unknown = sorted(values.keys() - variables.keys())
    if missing or unknown or wrong:
        raise _wrong(missing, unknown, wrong)
    filled = _PLACE.sub(lambda place: written[place[1]], text)
    fault = _fault_of(filled, hosts)  # pieces, each harmless, may make a number or a link
    if fault is not None:
        raise _wrong([], [], dict.fromkeys(sorted(variables), fault))
    return filled


def compose(
    signature: str, text: str, kind: str, language: str, *, opt_out: str | None = None
) -> str:
    """What the person reads: signature, text, and for promotion the way out (工信部令第31号:
    every commercial text says how to refuse it), in a provider's own words where it has some."""
    out = ""
    if kind == Kind.PROMOTION:
        out = language_of(language).opt_out if opt_out is None else opt_out
    return f"【{signature}】{text}{out}"


def _fault_of(text: str, hosts: Collection[str]) -> Fault | None:
    if holds_identifier(text):
        return Fault.IDENTIFIER
    if is_mixed_up(text):
        return Fault.LOOK_ALIKE
    return links_fault(text, hosts)


def _about(zh: str, en: str, fault: Fault) -> str:
    return f"{zh}{SAID[fault].zh} / {en} {SAID[fault].en}"


def _wrong(missing: list[str], unknown: list[str], wrong: Mapping[str, Fault]) -> WrongVariables:
    zh = [f"缺少 {name}" for name in missing] + [f"多出 {name}" for name in unknown]
    en = [f"{name} is missing" for name in missing] + [f"{name} is unknown" for name in unknown]
    zh += [f"{name} {SAID[fault].zh}" for name, fault in wrong.items()]
    en += [f"{name} {SAID[fault].en}" for name, fault in wrong.items()]
    return WrongVariables(
        Text(";".join(zh), "; ".join(en)),
        missing=missing,
        unknown=unknown,
        wrong=sorted(wrong),
        reasons={name: str(fault) for name, fault in wrong.items()},
    )
