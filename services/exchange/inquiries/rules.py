"""Decisions about inquiries beside their states: deadlines, what an act must say. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.states import Side, Verb
from shared.crypto import mask
from shared.usage import Purpose

URGENT_DAYS: Final = 15
NORMAL_DAYS: Final = 30
REMIND_BEFORE: Final = timedelta(days=3)
LONGEST_WAIT: Final = timedelta(days=120)  # how much of the calendar a deadline can need

OPENED: Final = "yipan.inquiry.opened.v1"
CASE: Final = "yipan.inquiry.case.v1"
# What a peer is told: every act that changes an inquiry's state at both ends.
WIRE_KINDS: Final[Mapping[Verb, str]] = {
    Verb.ACCEPT: "yipan.inquiry.accepted.v1",
    Verb.RETURN: "yipan.inquiry.returned.v1",
    Verb.ANSWER: "yipan.inquiry.answered.v1",
    Verb.CLARIFY: "yipan.inquiry.clarified.v1",
    Verb.REMIND: "yipan.inquiry.reminded.v1",
    Verb.ESCALATE: "yipan.inquiry.escalated.v1",
    Verb.CLOSE: "yipan.inquiry.closed.v1",
    Verb.REOPEN: "yipan.inquiry.reopened.v1",
    Verb.WITHDRAW: "yipan.inquiry.withdrawn.v1",
    Verb.DISPUTE: "yipan.inquiry.disputed.v1",
    Verb.DECIDE: "yipan.inquiry.decided.v1",
}
# What each act must say, and what it may say beside a note.
_NEEDS: Final[Mapping[Verb, frozenset[str]]] = {
    Verb.RETURN: frozenset({"note"}),
    Verb.FORWARD: frozenset({"region"}),
    Verb.ANSWER: frozenset({"answer"}),
    Verb.CLARIFY: frozenset({"note"}),
    Verb.CLOSE: frozenset({"correct"}),
    Verb.REOPEN: frozenset({"note"}),
    Verb.DISPUTE: frozenset({"note"}),
    Verb.DECIDE: frozenset({"upholds", "note"}),
}
_MAY: Final[Mapping[Verb, frozenset[str]]] = {
    Verb.RETURN: frozenset({"region"}),
    Verb.ANSWER: frozenset({"complete"}),
    Verb.REOPEN: frozenset({"due_on"}),
}
_FULL_ID_NUMBER = frozenset(
    {Purpose.INQUIRY, Purpose.REGISTRATION, Purpose.CORRECTION, Purpose.SUBJECT_ACCESS}
)


def check_act(verb: Verb, given: frozenset[str]) -> None:
    """Raises FieldsRefused when an act says too little, or what is not its business."""
    needs, may = _NEEDS.get(verb, frozenset()), _MAY.get(verb, frozenset())
    wrong = [{"field": name, "code": "missing"} for name in sorted(needs - given)]
    extra = given - needs - may - {"note"}
    wrong += [{"field": name, "code": "extra_forbidden"} for name in sorted(extra)]
    if wrong:
        raise FieldsRefused(errors=wrong)


def days_for(urgent: bool) -> int:
    """Working days to answer in (urgent 15, normal 30: 急件、平件)."""
    return URGENT_DAYS if urgent else NORMAL_DAYS


def is_working(day: date, calendar: Mapping[date, bool]) -> bool:
    """By the calendar where it says something, else Monday to Friday."""
    return calendar.get(day, day.weekday() < 5)


def due_after(start: date, days: int, calendar: Mapping[date, bool]) -> date:
    """The last of `days` working days after `start`, which itself does not count."""
    day, left = start, days
    while left > 0:
        day += timedelta(days=1)
        left -= is_working(day, calendar)
    return day


def direction_of(side: Side) -> str:
    """As events say it: "out" from the asking county's view, "in" from the asked one's."""
    return "out" if side is Side.ASKING else "in"


def shown(name: str, value: object, purpose: Purpose | None) -> object:
    """A subject's field as the purpose may see it."""
    if name == "id_number" and purpose not in _FULL_ID_NUMBER:
        return mask(str(value), 6, 2)
    return value
