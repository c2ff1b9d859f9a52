"""What all readings of events share. Pure: the event, our own area, when it happened.

registry_facts.py, migrant_facts.py and exchange_facts.py say of each event what it counts. Nothing
that tells of a person is taken over: no person id, name or number.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from services.assessment.errors import DayToCome, UnknownArea
from services.assessment.facts.folding import Role
from services.assessment.facts.kinds import Kind
from services.assessment.facts.schemas import RecordFact
from shared.clock import CHINA
from shared.codes import CodeError, parse_region

AHEAD = timedelta(days=1)  # how far a peer's clock may run before ours
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NODE = re.compile(r"(?:county|city|province)-(\d{2,6})")


def china_day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def area_of(code: str) -> str:
    """The region code of an event. Raises UnknownArea."""
    try:
        return parse_region(code)
    except CodeError as error:
        raise UnknownArea() from error


def area_of_node(node: str) -> str | None:
    """The area of a node of the federation, e.g. "county-420325"; None for a department's."""
    found = _NODE.fullmatch(node)
    return area_of(found[1]) if found else None


def outcome_of(text: str) -> str:
    """A word of another node as an outcome; what is no plain word is "other", so that nothing
    but a word can come in this way."""
    word = text.strip().lower()
    return word if _SLUG.fullmatch(word) else "other"


def no_later_than(day: date, at: datetime) -> date:
    """A day that was announced counts when it was announced."""
    return min(day, china_day(at))


def days_between(first: date, at: datetime) -> int:
    return max((china_day(at) - first).days, 0)


def check_days(facts: Iterable[RecordFact], at: datetime, now: datetime) -> None:
    """What is counted has happened. Raises DayToCome: such a fact would sit in a period to come,
    or outlast every correction."""
    latest = china_day(now + AHEAD)
    if at > now + AHEAD or any(fact.day > latest for fact in facts):
        raise DayToCome()


def amended(
    kind: Kind, area: str, day: date, record: str, outcome: str = "", since: date | None = None
) -> RecordFact:
    """Amends a fact as folding.Statement says."""
    return RecordFact(kind, outcome, area, day, record, role=Role.AMENDED, since=since)


def taken_back(kind: Kind, area: str, day: date, record: str, source: str = "") -> RecordFact:
    return RecordFact(kind, "", area, day, record, role=Role.TAKEN_BACK, source=source)


def restored(kind: Kind, area: str, day: date, record: str) -> RecordFact:
    return RecordFact(kind, "", area, day, record, role=Role.RESTORED)
