"""Kinds, versions and clauses of agreements (协议范本): fixed data of the program. No office can
write a clause of its own, so none can write one against people's rights."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel

_FILE = Path(__file__).with_name("catalogue.json")


class AgreementKind(StrEnum):
    """Who agrees with whom; the three letters (三个责任书) turned to service."""

    COMMUNITY_UNIT = "community-unit"  # 社区与单位
    UNIT_COUNTY = "unit-county"  # 单位与县级
    COMMUNITY_COORDINATOR = "community-coordinator"  # 社区与联络人员
    COMMUNITY_LANDLORD = "community-landlord"  # 社区与出租人


class PartyKind(StrEnum):
    """What the other party is known by."""

    WORK_UNIT = "work-unit"
    GRID_POST = "grid-post"
    LEASE = "lease"


class Clause(BaseModel):
    """One sentence of an agreement."""

    code: str
    zh: str
    en: str


class Version(BaseModel):
    """Which clauses an edition has; an edition that was used never changes."""

    version: int
    clauses: Sequence[str]


class Template(BaseModel):
    """A kind of agreement with its editions, latest last, and the clauses that can be added."""

    kind: AgreementKind
    party: PartyKind
    zh: str
    en: str
    versions: Sequence[Version]
    optional: Sequence[str]


@cache
def templates() -> Mapping[AgreementKind, Template]:
    listed = json.loads(_FILE.read_text("utf-8"))["kinds"]
    return {each.kind: each for each in map(Template.model_validate, listed)}


@cache
def clauses() -> Mapping[str, Clause]:
    listed = json.loads(_FILE.read_text("utf-8"))["clauses"]
    return {each.code: each for each in map(Clause.model_validate, listed)}
