"""What may be told in monthly figures. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import pairwise
from typing import Final, Literal
from uuid import UUID, uuid5

from shared.clock import CHINA
from shared.suppression import SMALLEST

DEPARTMENT_KIND = "yipan.figures.department.v1"
SEEN_KIND = "yipan.figures.seen.v1"

SeenKind = Literal["notice_owed", "notice_feedback", "inquiry_answer", "inquiry_closed"]
# Every cell is told each time, zeros too, so that a later statement replaces an earlier one whole.
SEEN_CELLS: Final[tuple[tuple[SeenKind, str], ...]] = (
    ("notice_owed", "asked"),
    ("notice_feedback", "agrees"),
    ("notice_feedback", "differs"),
    ("inquiry_answer", "in_time"),
    ("inquiry_answer", "late"),
    ("inquiry_answer", "overdue"),
    ("inquiry_closed", "correct"),
    ("inquiry_closed", "incorrect"),
)

MONTHS_TOLD: Final = 3  # the one past, and those before it that may still be put right

_NAMESPACE: Final = UUID("0a7c3a52-6f0f-4f0a-8a52-3b1f6f1d9b77")


def hidden_if_small(people: int | None) -> int | None:
    """No group under ten people is told."""
    return people if people is not None and people >= SMALLEST else None


def nested(areas: Iterable[str]) -> bool:
    """Whether one area lies in another: their difference could tell of a group that is hidden."""
    return any(inner.startswith(outer) for outer, inner in pairwise(sorted(areas)))


def figures_id(sender: str, receiver: str, month: str, kind: str) -> UUID:
    """What the messages about one month's figures are about: they arrive in the order said."""
    return uuid5(_NAMESPACE, "|".join((sender, receiver, month, kind)))


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def moments_of(month: str) -> tuple[datetime, datetime]:
    """When a month begins in China, and when the next one does."""
    first = first_day(month)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(), CHINA), datetime.combine(after, time(), CHINA)


def months_told(day: date) -> list[str]:
    """The months past of which the other place is told what we saw, newest first."""
    months = [day.year * 12 + day.month - 1 - back for back in range(1, MONTHS_TOLD + 1)]
    return [f"{month // 12}-{month % 12 + 1:02d}" for month in months]
