"""Decisions about campaigns."""

from enum import StrEnum
from typing import Final

SMALL_CELL: Final = 10


class CampaignStatus(StrEnum):
    """DRAFT → RUNNING ⇄ PAUSED → DONE or STOPPED."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


_MOVES: Final = {
    CampaignStatus.RUNNING: {CampaignStatus.DRAFT, CampaignStatus.PAUSED},
    CampaignStatus.PAUSED: {CampaignStatus.RUNNING},
    CampaignStatus.STOPPED: {
        CampaignStatus.DRAFT,
        CampaignStatus.RUNNING,
        CampaignStatus.PAUSED,
        CampaignStatus.DONE,
    },
}


def may_move(status: str, to: CampaignStatus) -> bool:
    """Whether a campaign may be started, paused or stopped now. A stop after DONE takes back
    what is still queued."""
    return status in _MOVES.get(to, set())


def shown_count(count: int) -> int | str:
    """A count of people as it may be seen: groups under 10 are not told apart."""
    return count if count >= SMALL_CELL else "fewer than 10"
