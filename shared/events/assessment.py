"""What the assessment of offices (考核) says. Its subjects are agencies and areas, never people."""

from datetime import datetime
from uuid import UUID

from shared.events.base import Event


class ScorecardPublished(Event, key="scorecard_id"):
    """A scorecard of an area and period was published (考核结果公布). `score` is a decimal text."""

    scorecard_id: UUID
    scheme: str
    period: str
    area: str
    score: str
    published_at: datetime


class AppealDecided(Event, key="appeal_id"):
    """An office's appeal against its scorecard was decided (申诉裁定)."""

    appeal_id: UUID
    scorecard_id: UUID
    upheld: bool
