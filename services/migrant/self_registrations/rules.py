"""Decisions about registrations by phone, without any I/O."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.migrant.self_registrations.errors import AlreadyDecided

# Long enough for a day off at the desk, and no longer (PIPL art. 19: the shortest time needed).
KEPT_FOR: Final = timedelta(days=14)
MOST_IN_A_DAY: Final = 5
MOST_COMPANIONS: Final = 20


class Status(StrEnum):
    """How far a registration by phone has come."""

    OPEN = "open"  # 待确认
    RETURNED = "returned"  # 退回补正
    CONFIRMED = "confirmed"  # 已登记
    WITHDRAWN = "withdrawn"  # 已撤回


def require_undecided(
    status: str, allowed: Collection[Status] = (Status.OPEN, Status.RETURNED)
) -> None:
    """Raises AlreadyDecided."""
    if status not in allowed:
        raise AlreadyDecided()
