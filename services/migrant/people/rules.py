"""Decisions about people, without any I/O."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.actors import Actor
from shared.crypto import mask
from shared.homes import is_outside_mainland
from shared.problems import Text
from shared.usage import Purpose

OFFICES = ("migrant:read", "migrant:write")
_FULL_ID_NUMBER = {Purpose.REGISTRATION, Purpose.CORRECTION, Purpose.SUBJECT_ACCESS}
_FULL_PHONE = {Purpose.REGISTRATION, Purpose.SERVICE, Purpose.SUBJECT_ACCESS}

# 居住证暂行条例 (Decree 663) art. 2; the police decide, this office only tells and refers.
PERMIT_TEXT = Text(
    "在本地居住半年以上,有合法稳定就业、合法稳定住所或连续就读之一,"
    "可向居住地派出所申领居住证,首次免费,不需要任何生育证明。",
    "After half a year here, with a steady job, a steady home or studies, you can ask the local"
    " police station for a residence permit. The first card is free; no birth paper is needed.",
)


class Words(BaseModel):
    """The same in Chinese and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def say(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class PermitOf(BaseModel):
    """Which permit somebody asks for: by which rule, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Words
    referral: Words


class PermitRule(PermitOf):
    """How long one lives here before the police can be asked for a permit (居住证申领条件), which
    absences do not begin that anew, by which rule, and where to go; residents of Taiwan, Hong Kong
    and Macao have one of their own (港澳台居民居住证). A county edits the file."""

    months: Annotated[int, Field(ge=1, le=24)]
    absence_days: Annotated[int, Field(ge=0, le=183)]
    outside_mainland: PermitOf

    def of(self, origin_region: str) -> PermitOf:
        """The permit of somebody from that region."""
        return self.outside_mainland if is_outside_mainland(origin_region) else self


@dataclass(frozen=True, slots=True)
class Absence:
    """From a departure to the return after it. A `bridged` one did not begin the count anew."""

    left_on: date
    returned_on: date
    bridged: bool

    @property
    def days(self) -> int:
        return (self.returned_on - self.left_on).days


@dataclass(frozen=True, slots=True)
class HalfYear:
    """How far somebody who lives here has come: days counted of those needed."""

    counted_since: date
    half_year_on: date
    days_counted: int
    days_missing: int
    absences: tuple[Absence, ...]


def half_year(
    stays: Sequence[tuple[date, date | None]], today: date, rule: PermitRule
) -> HalfYear | None:
    """What the stays of a person in the county, in their order, come to; None where the last one
    is over. A move leaves no gap; an absence up to the rule's days leaves the count going, less
    the days away; a longer one begins it anew."""
    if not stays or stays[-1][1] is not None:
        return None
    absences: list[Absence] = []
    since, away = stays[0][0], 0
    for (_, until), (returned_on, _) in pairwise(stays):
        if until is None or until >= returned_on:
            continue
        gap = (returned_on - until).days
        bridged = gap <= rule.absence_days
        absences.append(Absence(until, returned_on, bridged))
        since, away = (since, away + gap) if bridged else (returned_on, 0)
    reached = half_year_on(since, rule.months) + timedelta(days=away)
    return HalfYear(
        counted_since=since,
        half_year_on=reached,
        days_counted=max((today - since).days - away, 0),
        days_missing=max((reached - today).days, 0),
        absences=tuple(absences),
    )


def half_year_on(since: date, months: int = 6) -> date:
    """The day on which a stay that began on `since` has lasted so many calendar months: the same
    day of the month, or its last day where it is shorter."""
    later = since.month - 1 + months
    year, month = since.year + later // 12, later % 12 + 1
    return date(year, month, min(since.day, monthrange(year, month)[1]))


def shown_id_number(id_number: str, purpose: Purpose) -> str:
    """Whole where the purpose needs it, otherwise its ends (PIPL art. 6)."""
    return id_number if purpose in _FULL_ID_NUMBER else mask(id_number, 6, 2)


def shown_phone(phone: str, purpose: Purpose) -> str:
    return phone if purpose in _FULL_PHONE else mask(phone, 3, 2)


def same_name(one: str, other: str) -> bool:
    """Whether two names are one: spaces, dots and letter case do not tell people apart."""
    return letters(one) == letters(other)


def letters(name: str) -> str:
    """A name reduced to what tells people apart."""
    return "".join(each for each in name.casefold() if each.isalpha())


def is_office(actor: Actor) -> bool:
    """Whether the caller is an office's clerk rather than the person herself."""
    return not actor.scopes.isdisjoint(OFFICES)
