"""Decisions about people, without any I/O."""

from calendar import monthrange
from datetime import date

from shared.actors import Actor
from shared.crypto import mask
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


def half_year_on(since: date) -> date:
    """The day on which a stay that began on `since` reaches half a year: six calendar months
    later, or the last day of that month where it is shorter."""
    year, month = since.year + (since.month + 5) // 12, (since.month + 5) % 12 + 1
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
