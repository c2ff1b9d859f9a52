"""How a run is shown."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.assessment.runs.models import RunStatus


class PublishedRunView(BaseModel):
    """How many cards of a run were published, and how many stay: held back by a veto, or nothing
    could be judged."""

    published: int
    held_back: int
    nothing_judged: int


class RunView(BaseModel):
    """The scorecards of a period being computed: `done` of `total` subjects are behind it."""

    id: UUID
    period: str
    status: RunStatus
    total: int
    done: int
    computed: int
    skipped: int
    failed: int
    begun_at: datetime
    ended_at: datetime | None
