"""What no text may hold (内容筛查): hidden characters, addresses that look like another, and what
belongs to somebody. Pure.

What this cannot do: know a name by its letters. Numbers that belong to a person are known by their
form, a name only by how one is addressed; that a template asks for none is what its second person
checks.
"""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from shared.problems import Text
from shared.text import clean


class Fault(StrEnum):
    """Why a text, or the value of a variable, is refused."""

    SURROGATE = "lone-surrogate"
    DIRECTION = "direction-character"
    INVISIBLE = "invisible-character"
    CONTROL = "control-character"
    BRACKET = "bracket"
    LOOK_ALIKE = "look-alike"
    LINK = "link"
    HOST = "host-not-allowed"
    IDENTIFIER = "personal-number"
    ADDRESSED = "names-somebody"
    EMPTY = "empty"
    TOO_LONG = "too-long"
    NOT_TEXT = "not-text"
    NOT_A_DAY = "not-a-day"
    NOT_A_TIME = "not-a-time"
    NOT_A_MOMENT = "not-a-moment"
    NOT_A_NUMBER = "not-a-number"
    NOT_AN_OFFICE = "not-an-office-phone"
    NOT_A_CHOICE = "not-a-choice"


SAID: Final = {
    Fault.SURROGATE: Text("有残缺的字符(单个代理码)", "holds half a character (a lone surrogate)"),
    Fault.DIRECTION: Text("有改变文字方向的字符", "holds a character that turns the text around"),
    Fault.INVISIBLE: Text("有看不见的字符", "holds an invisible character"),
    Fault.CONTROL: Text("有控制字符或未定义的字符", "holds a control or undefined character"),
    Fault.BRACKET: Text("有签名括号【】", "holds the brackets of a signature 【】"),
    Fault.LOOK_ALIKE: Text("有形近字符,可能冒充别的网址或词", "looks like another word or address"),
    Fault.LINK: Text("有网址;网址只能用 link 变量", "holds a link; links have a type of their own"),
    Fault.HOST: Text("网址不在允许的名单上", "is no https link to an allowed host"),
    Fault.IDENTIFIER: Text("有证件号、手机号或卡号", "holds a document, mobile or card number"),
    Fault.ADDRESSED: Text("提到了具体的人", "names somebody"),
    Fault.EMPTY: Text("为空", "is empty"),
    Fault.TOO_LONG: Text("过长", "is too long"),
    Fault.NOT_TEXT: Text("应为文字", "is no text"),
    Fault.NOT_A_DAY: Text("应为 2026-01-31 形式的日期", "is no day like 2026-01-31"),
    Fault.NOT_A_TIME: Text("应为 09:30 形式的时刻", "is no time like 09:30"),
    Fault.NOT_A_MOMENT: Text(
        "应为带时区的日期时间,如 2026-01-31T09:30:00+08:00",
        "is no moment with a zone, like 2026-01-31T09:30:00+08:00",
    ),
    Fault.NOT_A_NUMBER: Text("应为不超过九位的整数", "is no whole number of at most nine digits"),
    Fault.NOT_AN_OFFICE: Text(
        "应为单位电话(座机、400 或短号)", "is no office's phone (landline, 400 or short number)"
    ),
    Fault.NOT_A_CHOICE: Text("不是模板列出的选项", "is none of the template's choices"),
}

_DIRECTION: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Seen as nothing or as a blank, though Unicode counts them as letters, marks or symbols.
_BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNDEFINED: Final = ("Cc", "Co", "Cn")
# Letters of scripts that have Latin look-alikes: Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu.
_FOREIGN = re.compile(
    "[\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1f00-\u1fff\u2c80-\u2cff\u2de0-\u2dff\ua4d0-\ua4ff"
    "\ua640-\ua69f\uab70-\uabbf]"
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+")
# What most texts are made of, none of it hidden.
_PLAIN = re.compile("[\x20-\x7e\u3001-\u301f\u4e00-\u9fa5\uff01-\uff5e]*")

_GAP = r"[ -]?"
_IDENTIFIER = re.compile(
    rf"(?<!\d)(?:\d{{6}}{_GAP}\d{{8}}{_GAP}\d{{3}}[\dXx]|\d{{15}}"  # id numbers, new and old
    rf"|\d{{4}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?"  # cards
    rf"|(?:\+?86{_GAP})?1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}})(?!\d)"  # mobile numbers
    # passports and travel permits
    r"|(?<![A-Za-z0-9])(?:E\d{8}|E[A-Z]\d{7}|G\d{8}|C[A-Z]?\d{7,8}|[HM]\d{8}(?:\d\d)?)"
    r"(?![A-Za-z0-9])"
)
_ADDRESSED = re.compile(
    r"[\u3400-\u9fff](?:先生|女士|小姐|太太|同志)|\b(?:Mr|Mrs|Ms|Miss)\b\.? ?[^\W\d_]",
    re.IGNORECASE,
)
_HAN = r"\u3400-\u9fff"
_HAN_DOMAINS = "中国|公司|网络|政务|公益|在线|中文网|网址|商城|手机|移动|集团|信息|网站"
_DOMAINS = (
    "com|net|org|gov|edu|int|info|biz|name|top|xyz|vip|site|shop|club|online|store|tech|app|link"
    "|live|icu|ltd|wang|ren|fun|pub|work|cloud|mobi|asia|wiki|press|group|run|win|bid|loan"
)
# What phones make links of: with a scheme, with www, or dotted and ending in a domain (any two
# letters are a country's) or going on with a path.
_LINK = re.compile(
    rf"[a-z][a-z0-9+.-]{{1,20}}://[^\s{_HAN}\u3000-\u303f]*|\bwww\.[^\s{_HAN}\u3000-\u303f]+"
    rf"|[^\W_][\w-]*(?:\.[\w-]+)*\.(?:xn--[a-z0-9-]+|[^\W\d_{_HAN}]{{2}}|{_DOMAINS}"
    rf"|{_HAN_DOMAINS}|[^\W\d_{_HAN}]{{2,}}(?=/))(?![^\W_{_HAN}])(?:/[\x21-\x7e]*)?",
    re.IGNORECASE,
)
_WIDE_DOT = re.compile(r"(?<=[A-Za-z0-9])\u3002(?=[A-Za-z0-9])")
_LINK_CHARACTERS = re.compile(r"https://[a-z0-9.-]+(?:[/?#][A-Za-z0-9._~/?#=&%+-]*)?")
_LONGEST_LINK: Final = 120


class Links(BaseModel):
    """The file: hosts that a text may point to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    hosts: frozenset[str]


@cache
def allowed_hosts() -> frozenset[str]:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.notify.templates").joinpath("links.json").read_bytes()
    return Links.model_validate_json(text).hosts


def hidden_fault(text: str) -> Fault | None:
    """What a reader would not see, or not see as it is. Line ends and tabs are spaces."""
    if _PLAIN.fullmatch(text):
        return None
    for each in text:
        kind = unicodedata.category(each)
        if kind == "Cs":
            return Fault.SURROGATE
        if each in _DIRECTION:
            return Fault.DIRECTION
        if kind == "Cf" or each in _BLANKS:
            return Fault.INVISIBLE
        if kind in _UNDEFINED and not each.isspace():
            return Fault.CONTROL
    return None


def screened(text: str) -> str:
    """A text made uniform. Raises ValueError, with the reason in Chinese and English."""
    fault = hidden_fault(text)
    if fault is not None:
        said = SAID[fault]
        raise ValueError(f"文本{said.zh} / the text {said.en}")
    return clean(text)


def holds_identifier(text: str) -> bool:
    """Whether somebody's number is in a text, in any width, with spaces or hyphens."""
    return _IDENTIFIER.search(unicodedata.normalize("NFKC", text)) is not None


def names_somebody(text: str) -> bool:
    """Whether a text addresses a person."""
    return _ADDRESSED.search(text) is not None


def is_mixed_up(text: str) -> bool:
    """Whether a word has Latin letters beside letters of a script that look like them."""
    plain = unicodedata.normalize("NFKC", text)
    if not _FOREIGN.search(plain):
        return False
    return any(_FOREIGN.search(word) and _LATIN.search(word) for word in _WORD.findall(plain))


def links_in(text: str) -> list[str]:
    """What a phone would make a link of, with every kind of dot read as one."""
    read = _WIDE_DOT.sub(".", unicodedata.normalize("NFKC", text))
    return [found[0] for found in _LINK.finditer(read)]


def link_fault(link: str, hosts: Collection[str]) -> Fault | None:
    """Why a link may not be sent: it must be https in plain letters, to one of the hosts."""
    if not link.isascii() or "xn--" in link.casefold():
        return Fault.LOOK_ALIKE
    if len(link) > _LONGEST_LINK:
        return Fault.TOO_LONG
    if not _LINK_CHARACTERS.fullmatch(link) or urlsplit(link).hostname not in hosts:
        return Fault.HOST
    return None


def links_fault(text: str, hosts: Collection[str]) -> Fault | None:
    """The first fault of the links in a text. One that is there only once wide dots and letters
    are read as plain ones is there to be taken for another."""
    for found in links_in(text):
        link = found.rstrip(".,!?;:)")  # what ends the sentence
        if link not in text:
            return Fault.LOOK_ALIKE
        fault = link_fault(link, hosts)
        if fault is not None:
            return fault
    return None
