"""Table: runs. A run computes preliminary scorecards; it never publishes one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class RunStatus(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class ScorecardRun(Row, table=True):
    """`due` are the cards to compute, each [scheme, area, office], fixed when the run began. The
    first `done` of them are behind it: a run that was interrupted goes on where it stood.
    `skipped` were published already, `failed` could not be computed."""

    __tablename__ = "scorecard_runs"
    __table_args__ = (Index("scorecard_runs_period", "observer", "period", unique=True),)

    id: UUID = Field(primary_key=True)
    observer: str
    period: str
    status: str = RunStatus.RUNNING
    due: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    done: int = 0
    computed: int = 0
    skipped: int = 0
    failed: int = 0
    begun_at: datetime = Field(sa_type=Timestamp)
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
