"""What can be objected to, who decides, by when, and what an upheld objection has to put right.
Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.exchange.errors import FieldsRefused
from shared.actors import Actor
from shared.limits import shipped_limits

STATED_KIND: Final = "yipan.objection.stated.v1"
DECIDED_KIND: Final = "yipan.objection.decided.v1"
APPEALED_KIND: Final = "yipan.objection.appealed.v1"
REVIEWED_KIND: Final = "yipan.objection.reviewed.v1"

_LIMITS: Final = shipped_limits(__file__)
_COUNTY_DIGITS: Final = 6


class About(StrEnum):
    """What of a record an objection is about."""

    NOTICE = "notice"  # 通报内容
    QUESTION = "question"  # 协查的发起与问题
    ANSWER = "answer"  # 协查的答复
    LINK = "link"  # 关联到本人名下


class Direction(StrEnum):
    """Where an objection was stated, and where it is decided."""

    OWN = "own"  # both here
    OUT = "out"  # stated here, decided by the peer whose office said it
    IN = "in"  # stated at a peer, decided here


class Status(StrEnum):
    OPEN = "open"  # 待处理
    GRANTED = "granted"  # 异议成立,已更正
    REFUSED = "refused"  # 异议不成立, with the reason


class AppealStatus(StrEnum):
    OPEN = "open"  # 复核中
    GRANTED = "granted"  # 复核后更正
    UPHELD = "upheld"  # 维持原决定, with the reason


# What an upheld objection can put right. A question is taken back and a link undone as they are.
_REMEDIES: Final[Mapping[About, frozenset[str]]] = {
    About.NOTICE: frozenset({"void", "region", "happened_on"}),
    About.QUESTION: frozenset(),
    About.ANSWER: frozenset({"answer"}),
    About.LINK: frozenset(),
}


def check_remedy(about: About, granted: bool, given: frozenset[str]) -> None:
    """Raises FieldsRefused for an upheld objection that puts nothing right, and for what is not
    this kind's to put right."""
    may = _REMEDIES[about] if granted else frozenset()
    wrong = [{"field": name, "code": "extra_forbidden"} for name in sorted(given - may)]
    if may and not given:
        wrong = [{"field": "remedy", "code": "missing"}]
    if wrong:
        raise FieldsRefused(errors=wrong)


def decide_by(stated_on: date) -> date:
    """The day by which an objection is to be decided."""
    return stated_on + timedelta(days=_LIMITS["decide_days"])


def review_by(appealed_on: date) -> date:
    """The day by which an appeal is to be decided (复核期限)."""
    return appealed_on + timedelta(days=_LIMITS["review_days"])


def why_not_reviewer(actor: Actor, decided_by: str | None) -> str | None:
    """Why somebody may not decide an appeal: it takes an office of the county, and another person
    than refused. None when she may."""
    if len(actor.region) > _COUNTY_DIGITS:
        return "not-of-the-county"
    return "decided-it-first" if actor.sub == decided_by else None
