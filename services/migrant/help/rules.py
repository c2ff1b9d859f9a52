"""Deadlines, routing and urgency of requests for help, without any I/O. Days are calendar days."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from shared.suppression import SMALLEST

ROUNDED_TO: Final = 10


class HelpCategory(StrEnum):
    """What help is asked for (求助类别); words, departments and sources are in catalogue.json."""

    WAGES = "wages"  # 欠薪
    WORK_INJURY = "work-injury"  # 工伤
    SCHOOLING = "schooling"  # 子女入学
    HOUSING = "housing"  # 租住
    HEALTH = "health"  # 就医
    SOCIAL_INSURANCE = "social-insurance"  # 社保
    HARDSHIP = "hardship"  # 生活困难
    LEGAL = "legal"  # 法律
    DOCUMENTS = "documents"  # 证件
    FAMILY = "family"  # 家庭与照料
    SAFETY = "safety"  # 人身安全
    COMPLAINT = "complaint"  # 对办事机构的投诉
    OTHER = "other"  # 其他


class Channel(StrEnum):
    """How a request came (求助渠道)."""

    DESK = "desk"
    PHONE = "phone"
    APP = "app"
    SMS = "sms"
    CONVENER = "convener"


class AnswerBy(StrEnum):
    """How she wants to be told and asked afterwards (答复方式); the desk asks her only when she
    comes by, and `none` is never asked."""

    APP = "app"
    SMS = "sms"
    DESK = "desk"
    NONE = "none"


class Step(StrEnum):
    """What happened to a request, as she sees it (办理过程)."""

    TAKEN = "taken"
    ROUTED = "routed"
    PASSED = "passed"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DONE = "done"
    ASKED = "asked"
    ANSWERED = "answered"
    SAID_MORE = "said-more"
    EXTENDED = "extended"
    SETTLED = "settled"
    REMINDED = "reminded"
    OVERDUE = "overdue"
    REVIEW_ASKED = "review-asked"
    REVIEW_DECIDED = "review-decided"


class HelpState(StrEnum):
    """WAITING (待受理), OPEN (办理中), ASKED: the person was asked something (待补充),
    SETTLED (已办结)."""

    WAITING = "waiting"
    OPEN = "open"
    ASKED = "asked"
    SETTLED = "settled"


class ReviewOutcome(StrEnum):
    """CONFIRMED: the answer stands (维持). CHANGED: the office has to do it again (撤销重办)."""

    CONFIRMED = "confirmed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Route:
    """A county's own line of routing (转办规则). Null categories stand for every one, a null
    `employer_known` for both; the region is a prefix."""

    region: str
    category: str | None
    employer_known: bool | None
    department: str
    office: str


def chosen_route(
    routes: Iterable[Route], region: str, category: HelpCategory, *, employer_known: bool
) -> Route | None:
    """The most exact line that fits: the smallest region, then whether the employer is known.
    Lines for every category only say where a department's office is."""
    fitting = [
        each
        for each in routes
        if each.category == category
        and region.startswith(each.region)
        and each.employer_known in (None, employer_known)
    ]
    return max(
        fitting, key=lambda each: (len(each.region), each.employer_known is not None), default=None
    )


def office_of(routes: Iterable[Route], region: str, department: str) -> str:
    """The office of a department that is nearest to a place; the department itself where the
    county has not named one."""
    fitting = [
        each
        for each in routes
        if each.department == department
        and each.category is None
        and region.startswith(each.region)
    ]
    nearest = max(fitting, key=lambda each: len(each.region), default=None)
    return department if nearest is None else nearest.office


def state_of(*, settled: bool, asked_back: bool, accepted: bool) -> HelpState:
    if settled:
        return HelpState.SETTLED
    if asked_back:
        return HelpState.ASKED
    return HelpState.OPEN if accepted else HelpState.WAITING


def after(day: date, days: int) -> date:
    """The last day of a time that began on `day`."""
    return day + timedelta(days=days)


def deadline(accept_by: date, due_on: date, accepted_on: date | None, today: date) -> date:
    """The day that counts now: to accept by, or to settle by."""
    return accept_by if accepted_on is None and today <= due_on else due_on


def in_time(settled_on: date, due: date, *, accepted_on: date | None, accept_limit: date) -> bool:
    """Whether a request was settled by its due day and, where that took longer than the first
    answer may, accepted in time as well."""
    answered = accepted_on or settled_on
    return settled_on <= due and answered <= accept_limit


def is_urgent(
    text: str, *, by_category: bool, people: int, urgent_people: int, danger: Iterable[str]
) -> bool:
    """Somebody is in danger, or many wait for the same thing: such a request is shown first."""
    return by_category or people >= urgent_people or has_word(text, danger)


def guessed_category(text: str, words: Mapping[HelpCategory, Iterable[str]]) -> HelpCategory:
    """What a text message asks for, by the words in it. Danger is looked for before all else; a
    clerk passes on what was guessed wrong."""
    if has_word(text, words[HelpCategory.SAFETY]):
        return HelpCategory.SAFETY
    found = (each for each, told in words.items() if has_word(text, told))
    return next(found, HelpCategory.OTHER)


def has_word(text: str, words: Iterable[str]) -> bool:
    """Chinese words anywhere; others as whole words, so that "still" is no illness."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = f" {''.join(each if each.isalnum() else ' ' for each in folded)} "
    return any(
        (f" {word.casefold()} " in spaced) if word.isascii() else (word in folded) for word in words
    )


def rating_in(text: str) -> int | None:
    """A rating sent by text: one digit from 1 to 5, in any width, and nothing but punctuation."""
    told = unicodedata.normalize("NFKC", text).strip(" \t\r\n.。!！分")
    return int(told) if told in {"1", "2", "3", "4", "5"} else None


def number_of(request_id: str) -> str:
    """The short number of a request (受理号) that she can tell a clerk."""
    return request_id.replace("-", "")[-8:].upper()


def counted(count: int) -> int | None:
    """A count as it is published: nothing under ten, and rounded to ten, so that tables of a region
    and its parts, or of a year and its months, cannot be subtracted."""
    return None if count < SMALLEST else (count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def mean_days(total: int, cases: int) -> float | None:
    """Mean days of at least ten cases, to the tenth."""
    return None if cases < SMALLEST else round(total / cases, 1)
