"""Views of weekly feedback."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

from services.assessment.fields import Words


class LineView(BaseModel):
    """A kind of work in five weeks, the week told of last; null stands for 1 to 9. Shares are
    percent; `days` is how long a case took on average. Null where fewer than ten cases tell."""

    kind: str
    name: Words
    weeks: list[int | None]
    in_time: Decimal | None
    in_time_before: Decimal | None
    days: Decimal | None
    days_before: Decimal | None


class FeedbackView(BaseModel):
    """An office's week, which begins on the Monday `week`, beside its own four weeks before."""

    id: UUID
    area: str
    office: str
    week: date
    lines: list[LineView]
    made_at: datetime
