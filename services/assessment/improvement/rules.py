"""What may stand in an improvement plan, and what it brought. Pure."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from services.assessment.improvement.errors import NoSanctions, NotWeak
from services.assessment.indicators.rules import check_topics
from services.assessment.indicators.schemas import Direction

# Inventory A4, A5: last-place dismissal, wage cuts, yellow cards. The plan came in their place.
_SANCTIONS: Final = re.compile(
    r"末位|淘汰|辞退|开除|解聘|免职|撤职|降职|扣发|扣除工资|扣工资|扣奖金|停发|罚款|黄牌|处分|通报批评"
    r"|dismiss|sack(?:ed|ing)?\b|lay[ -]?off|demot|wage cut|cut (?:the )?(?:wage|pay|salar)"
    r"|salary deduction|\bfined?\b|yellow card|reprimand|disciplinary",
    re.IGNORECASE,
)


def check_words(texts: Iterable[str]) -> None:
    """Raises NoSanctions, and NeverHeld where somebody plans with what we never hold."""
    said = list(texts)
    check_topics(said, scored=False)
    if any(_SANCTIONS.search(text) for text in said):
        raise NoSanctions()


def check_weak(indicator: str, weight: Decimal, points: Decimal | None) -> None:
    """Raises NotWeak."""
    if points is None or points >= weight:
        raise NotWeak(indicator=indicator)


def change_of(before: Decimal | None, later: Sequence[Decimal | None]) -> Decimal | None:
    """How far the newest value that there is lies from the first."""
    known = [value for value in later if value is not None]
    return None if before is None or not known else known[-1] - before


def is_better(change: Decimal | None, direction: Direction) -> bool | None:
    if change is None:
        return None
    return change > 0 if direction == Direction.HIGHER else change < 0


def is_reached(
    later: Sequence[Decimal | None], target: Decimal, direction: Direction
) -> bool | None:
    known = [value for value in later if value is not None]
    if not known:
        return None
    return known[-1] >= target if direction == Direction.HIGHER else known[-1] <= target
