"""Table: appeals."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class AppealStatus(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Appeal(Row, table=True):
    """An office's objection to one indicator of its published scorecard. It is seen by whoever
    sees the scorecard: the judged place and the observing one (see scorecards/models.py). The
    `…_by` columns hold the account of the official who acted for the office."""

    __tablename__ = "appeals"
    __table_args__ = (
        Index(
            "appeals_open",
            "scorecard_id",
            "indicator",
            unique=True,
            postgresql_where="status = 'open'",
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    scorecard_id: UUID = Field(foreign_key="scorecards.id")
    indicator: str
    reason: str
    status: str = AppealStatus.OPEN
    filed_at: datetime = Field(sa_type=Timestamp)
    filed_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    decision_reason: str | None = None
    new_scorecard_id: UUID | None = Field(default=None, foreign_key="scorecards.id")
