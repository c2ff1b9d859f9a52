"""Decisions about conveners and branches, without any I/O."""

from datetime import date
from enum import StrEnum
from typing import Final

from shared.suppression import SMALLEST

ROUNDED_TO: Final = 10


class ConvenerState(StrEnum):
    """PROPOSED: she has not agreed yet (待本人同意). SERVING (现任). ENDED (已结束)."""

    PROPOSED = "proposed"
    SERVING = "serving"
    ENDED = "ended"


class BranchKind(StrEnum):
    VILLAGE = "village"
    UNIT = "unit"
    MARKET = "market"
    ESTATE = "estate"
    OTHER = "other"


def state_of(
    today: date, since: date, until: date | None, *, agreed: bool, ended: bool
) -> ConvenerState:
    """Nobody serves without her own agreement, before her first day or after her last one."""
    if ended or (until is not None and until < today):
        return ConvenerState.ENDED
    return ConvenerState.SERVING if agreed and since <= today else ConvenerState.PROPOSED


def shown_members(members: int | None) -> int | None:
    """A number of members as it is told: nothing under ten, and rounded, so that a member who
    joins or leaves cannot be told from two figures."""
    if members is None or members < SMALLEST:
        return None
    return (members + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO
