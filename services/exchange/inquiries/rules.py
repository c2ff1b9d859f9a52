"""Decisions about inquiries beside their states: deadlines, what an act must say. Pure."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Final

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.errors import DecisionBinds
from services.exchange.inquiries.states import Side, State, Verb
from shared.crypto import mask
from shared.limits import shipped_limits
from shared.usage import Purpose

_LIMITS: Final = shipped_limits(__file__)
REMIND_BEFORE: Final = timedelta(days=_LIMITS["remind_days"])
ESCALATE_AFTER: Final = timedelta(days=_LIMITS["escalate_days"])  # the city is told, if no desk did
WARN_BEFORE: Final = _LIMITS["warn_days"]
# 全国年节及纪念日放假办法 (in force since 2025-01-01): New Year, Labour Day, National Day. The
# others move from year to year.
FIXED_HOLIDAYS: Final = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
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
    Verb.RECOUNT: "yipan.inquiry.recounted.v1",
    Verb.ESCALATE: "yipan.inquiry.escalated.v1",
    Verb.CLOSE: "yipan.inquiry.closed.v1",
    Verb.REOPEN: "yipan.inquiry.reopened.v1",
    Verb.WITHDRAW: "yipan.inquiry.withdrawn.v1",
    Verb.DISPUTE: "yipan.inquiry.disputed.v1",
    Verb.DECIDE: "yipan.inquiry.decided.v1",
    Verb.CORRECT: "yipan.inquiry.corrected.v1",
}
# What each act must say, and what it may say beside a note.
_NEEDS: Final[Mapping[Verb, frozenset[str]]] = {
    Verb.RETURN: frozenset({"note"}),
    Verb.FORWARD: frozenset({"region"}),
    Verb.ANSWER: frozenset({"answer"}),
    Verb.CLARIFY: frozenset({"note"}),
    Verb.RECOUNT: frozenset({"due_on"}),
    Verb.CLOSE: frozenset({"correct"}),
    Verb.REOPEN: frozenset({"note"}),
    Verb.DISPUTE: frozenset({"note"}),
    Verb.DECIDE: frozenset({"upholds", "note"}),
    Verb.CORRECT: frozenset({"note"}),
}
_MAY: Final[Mapping[Verb, frozenset[str]]] = {
    Verb.RETURN: frozenset({"region"}),
    Verb.ANSWER: frozenset({"complete", "attachments"}),
    Verb.CLARIFY: frozenset({"attachments"}),
    Verb.REOPEN: frozenset({"due_on", "attachments"}),
    Verb.DISPUTE: frozenset({"attachments"}),
    Verb.CORRECT: frozenset({"answer"}),
}
_FULL_ID_NUMBER = frozenset(
    {Purpose.INQUIRY, Purpose.REGISTRATION, Purpose.CORRECTION, Purpose.SUBJECT_ACCESS}
)


def check_binding(state: State, verb: Verb, upheld: str | None, correct: bool | None) -> None:
    """A decision binds both sides (裁定约束双方): the asking one closes as it was decided, and the
    asked one does not dispute that again. Raises DecisionBinds."""
    against = verb is Verb.CLOSE and state is State.DECIDED and correct is not (upheld == "asked")
    again = verb is Verb.DISPUTE and state is State.CLOSED and upheld is not None
    if against or again:
        raise DecisionBinds(upheld=upheld)


def check_act(verb: Verb, given: frozenset[str]) -> None:
    """Raises FieldsRefused when an act says too little, or what is not its business."""
    needs, may = _NEEDS.get(verb, frozenset()), _MAY.get(verb, frozenset())
    wrong = [{"field": name, "code": "missing"} for name in sorted(needs - given)]
    extra = given - needs - may - {"note"}
    wrong += [{"field": name, "code": "extra_forbidden"} for name in sorted(extra)]
    if wrong:
        raise FieldsRefused(errors=wrong)


def days_for(urgent: bool) -> int:
    """Working days to answer in (急件、平件): limits.json, decision 0013."""
    return _LIMITS["urgent_days" if urgent else "normal_days"]


def is_working(day: date, calendar: Mapping[date, bool]) -> bool:
    """By the calendar where it says something, else Monday to Friday but for the holidays that
    fall on the same day each year: those are known before the year's notice is."""
    habit = day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS
    return calendar.get(day, habit)


def known_until(today: date, years: Collection[int]) -> date | None:
    """Until which day the calendar is known without a gap from today on."""
    year = today.year
    while year in years:
        year += 1
    return None if year == today.year else date(year - 1, 12, 31)


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
