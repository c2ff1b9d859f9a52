"""What a participant may say and hear, by its level and roles (节点权限): data in permissions.json.

A record type is named in full, or by its beginning and a `*`. Of inquiries, `asks` and `is_asked`
name the kinds of the catalogue besides. Counties and cities may everything; departments and
employers have what is named, each role adding to what its level has. Pure."""

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from services.exchange.inquiries.rules import OPENED
from services.exchange.participants.levels import Level


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str


class Permission(BaseModel):
    """What a level may, or what a role adds to it; with its legal or house basis."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level
    role: str | None = None
    zh: str
    en: str
    sends: list[str] = []
    is_sent: list[str] = []
    asks: list[str] = []
    is_asked: list[str] = []
    basis: Words


@cache
def permissions() -> Sequence[Permission]:
    text = resources.files(__package__).joinpath("permissions.json").read_text(encoding="utf-8")
    return [Permission.model_validate(each) for each in json.loads(text)]


def may_send(level: str, roles: Collection[str], kind: str, asked: object) -> bool:
    """Whether such a participant may send a fact of this record type; `asked` is the kind of
    inquiry it opens."""
    held = list(_held(level, roles))
    sends = any(_names(each.sends, kind) for each in held)
    return sends and (kind != OPENED or any(_names(each.asks, asked) for each in held))


def may_be_sent(level: str, roles: Collection[str], kind: str, asked: object) -> bool:
    """Whether such a participant may be told a fact of this record type; `asked` is the kind of
    inquiry that is opened with it."""
    held = list(_held(level, roles))
    is_sent = any(_names(each.is_sent, kind) for each in held)
    return is_sent and (kind != OPENED or any(_names(each.is_asked, asked) for each in held))


def _held(level: str, roles: Collection[str]) -> Iterator[Permission]:
    return (
        each
        for each in permissions()
        if each.level == level and (each.role is None or each.role in roles)
    )


def _names(patterns: Sequence[str], value: object) -> bool:
    if not isinstance(value, str):
        return "*" in patterns
    return any(
        value.startswith(each[:-1]) if each.endswith("*") else value == each for each in patterns
    )
