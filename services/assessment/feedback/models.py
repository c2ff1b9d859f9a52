"""Tables: the weeks told of, and what each office was told."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class FeedbackWeek(Row, table=True):
    """A week that offices were told of, known by its Monday."""

    __tablename__ = "feedback_weeks"

    observer: str = Field(primary_key=True)
    week: date = Field(primary_key=True)
    offices: int
    made_at: datetime = Field(sa_type=Timestamp)


class WeeklyFeedback(Row, table=True):
    """What an office of an area was told of a week; `office` is "" for the area as a whole."""

    __tablename__ = "weekly_feedback"
    __table_args__ = (Index("weekly_feedback_week", "week", "area", "office"),)

    id: UUID = Field(primary_key=True)
    observer: str
    area: str
    office: str
    week: date
    lines: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    made_at: datetime = Field(sa_type=Timestamp)
