"""Decisions about leases, without any I/O."""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from shared.actors import Actor
from shared.filings.rules import filer_of
from shared.problems import Text

_OFFICE: Final = frozenset({"registry:read", "registry:write"})


def is_office(scopes: Collection[str]) -> bool:
    """Whether the caller keeps or reads the register. Who only files sees its own filings."""
    return not _OFFICE.isdisjoint(scopes)


def may_see(actor: Actor, filer: str) -> bool:
    return is_office(actor.scopes) or filer_of(actor) == filer


def runs(since: date, until: date | None, day: date) -> bool:
    """Whether a lease runs on a day. `until` is the first day it does no more."""
    return since <= day and (until is None or until > day)


def in_order(since: date, until: date | None) -> bool:
    return until is None or until >= since


def distinct(tenants: Collection[UUID]) -> bool:
    return len(set(tenants)) == len(tenants)


# What a landlord is given (告知书): text, and nothing to sign.
INFORMATION_SHEET: Final = (
    Text(
        "请在出租后为房间办理租赁备案(《住房租赁条例》)。备案不收费,可以由本人、经纪机构或社区窗口办理。",
        "Please file the lease of a room once it is let (Housing Rental Regulation). Filing is"
        " free; you, an agent or the community desk can do it.",
    ),
    Text(
        "备案内容只有房间、出租人、起止日期;承租人可以不填。租金不登记。",
        "A filing holds the room, who lets it, and the dates; tenants need not be named. Rent is"
        " not recorded.",
    ),
    Text(
        "承租人住进来,请告诉她可以到社区登记居住并了解可享受的公共服务;登记由她本人办理。",
        "Tell whoever moves in that she can register at the community and learn which public"
        " services she can use; registering is hers to do.",
    ),
    Text(
        "您不为承租人的行为负责,也不必了解或报告她的婚姻、生育或健康情况。",
        "You do not answer for what a tenant does, and you need not know or report anything about"
        " her marriage, children or health.",
    ),
    Text(
        "请保证住房的消防、用电、用气安全,人数不超过房间可住人数。",
        "Keep fire, power and gas in the home safe, and do not let a room to more people than it"
        " is meant for.",
    ),
    Text(
        "租期延长、提前结束或填错了,可以随时续租、终止或更正备案。您只能看到自己办理的备案。",
        "You can renew, end or correct a filing at any time. You see your own filings and no"
        " others.",
    ),
)
