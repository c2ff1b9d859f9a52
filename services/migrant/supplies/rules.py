"""What can be taken, how a code is built, and what a stock may do. Pure.

A code is twelve random characters of Crockford's base 32 (60 bits) and a thirteenth that checks
them (Luhn's sum modulo 32), so that a machine without a network can tell a typing error. It says
nothing: not who drew it, where, when or for what.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_LENGTH: Final = 12
MOST_CODES: Final = 500  # a request
LASTS_MONTHS: Final = 3  # shipped default; a code is good to the end of the month that many later
LATEST_REPORT: Final = timedelta(days=62)  # how old a dispensing may be that a machine reports

_READ_AS: Final = str.maketrans("OIL", "011")  # what people take one letter for


class SupplyOffer(StrEnum):
    """How a place hands supplies out (发放方式)."""

    RACK = "rack"  # 免费取用架
    MACHINE = "machine"  # 自助发放机
    DESK = "desk"  # 服务窗口


class MovementKind(StrEnum):
    """How stock changes beside dispensing (出入库)."""

    RECEIVED = "received"  # 入库
    WRITTEN_OFF = "written-off"  # 报损
    COUNTED = "counted"  # 盘点


class Dispensed(StrEnum):
    """What became of one dispensing (发放结果). Only `dispensed` takes a code up."""

    DISPENSED = "dispensed"  # 已发放
    USED_BEFORE = "used-before"  # 此码已用过
    UNKNOWN_CODE = "unknown-code"  # 没有此码
    EXPIRED = "expired"  # 此码已过期
    OUT_OF_STOCK = "out-of-stock"  # 库存不足
    REPORTED_BEFORE = "reported-before"  # 已上报过


@dataclass(frozen=True, slots=True)
class Item:
    """A supply as shipped, in general words: the kind of thing and nothing finer."""

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    most_per_code: int
    source: str


ITEMS: Final[Mapping[str, Item]] = {
    each["code"]: Item(**each)
    for each in json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
}


def new_code() -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return drawn + check_character(drawn)


def check_character(drawn: str) -> str:
    """Luhn's sum modulo 32 over the characters of `drawn`, from the right."""
    total = 0
    for place, character in enumerate(reversed(drawn)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def plain_code(typed: str) -> str:
    """A code as somebody typed it, made uniform. Raises ValueError when it cannot be one."""
    code = typed.upper().replace("-", "").replace(" ", "").translate(_READ_AS)
    if len(code) != RANDOM_LENGTH + 1 or not set(code) <= set(ALPHABET):
        raise ValueError("领取码应为13位字母数字 / a code has 13 letters and digits")
    if check_character(code[:-1]) != code[-1]:
        raise ValueError("领取码有误,请核对 / the code is mistyped")
    return code


def shown_code(code: str) -> str:
    """In groups, as it is read out."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def expires_on(today: date) -> date:
    """The last day of a month, so that the day does not tell when a code was drawn."""
    month = today.year * 12 + today.month + LASTS_MONTHS  # counted from zero: the month after
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


def change_of(kind: MovementKind, quantity: int, on_hand: int) -> int:
    """What a movement does to the stock; a count sets it. Raises ValueError when more would be
    written off than there is."""
    if kind is MovementKind.RECEIVED:
        return quantity
    if kind is MovementKind.COUNTED:
        return quantity - on_hand
    if quantity > on_hand:
        raise ValueError("报损数量超过库存 / more would be written off than there is")
    return -quantity
