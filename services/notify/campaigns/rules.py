"""Decisions about campaigns."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from shared.suppression import ROUNDED_TO, SMALLEST, published, round_to

FEW: Final = "fewer than 10"
Figure = TypeVar("Figure", int, Decimal)
UNSUBSCRIBED_WITHIN: Final = timedelta(days=7)


class CampaignStatus(StrEnum):
    """DRAFT → APPROVED → RUNNING ⇄ PAUSED → DONE or STOPPED. A change takes APPROVED back."""

    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


class Step(StrEnum):
    """What somebody, or the service itself, did with a campaign."""

    PLANNED = "planned"
    PROPOSED = "proposed"
    CHANGED = "changed"
    APPROVED = "approved"
    STARTED = "started"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    TRIED = "tried"


CHANGEABLE: Final = frozenset({CampaignStatus.DRAFT, CampaignStatus.APPROVED})
_MOVES: Final = {
    CampaignStatus.APPROVED: {CampaignStatus.DRAFT},
    CampaignStatus.RUNNING: {CampaignStatus.APPROVED, CampaignStatus.PAUSED},
    CampaignStatus.PAUSED: {CampaignStatus.RUNNING},
    CampaignStatus.STOPPED: {
        CampaignStatus.DRAFT,
        CampaignStatus.APPROVED,
        CampaignStatus.RUNNING,
        CampaignStatus.PAUSED,
        CampaignStatus.DONE,
    },
}


def may_move(status: str, to: CampaignStatus) -> bool:
    """Whether a campaign may be approved, started, paused or stopped now. A stop after DONE takes
    back what is still queued."""
    return status in _MOVES.get(to, set())


def shown_count(count: int) -> int | str:
    """A count of people as it may be seen: rounded to fives, so that the counts of two audiences
    that differ by a few people do not tell them apart, and none under 10."""
    rounded = published(count)
    return FEW if rounded is None else rounded


def total_of(shares: Sequence[tuple[int, Figure]]) -> Figure | None:
    """What texts to so many people each come to (parts, or fen), counted on rounded numbers of
    people; None for an audience under 10."""
    if sum(people for people, _ in shares) < SMALLEST:
        return None
    total = shares[0][1] * 0
    for people, each in shares:
        total += round_to(people, ROUNDED_TO) * each
    return total


def unsubscribe_rate(unsubscribed: int, sent: int) -> float | None:
    """The share of texts after which somebody said stop (退订率), of the counts as they may be
    seen, to three digits; None where it would tell of fewer than 10 people."""
    stops, texts = published(unsubscribed), published(sent)
    return None if stops is None or texts is None else round(stops / texts, 3)
