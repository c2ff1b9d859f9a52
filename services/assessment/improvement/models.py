"""Tables: improvement plans, their measures and follow-ups.

A plan belongs to a published scorecard and is seen by whoever sees that. It names an office, never
a person; the words of measures and follow-ups are sealed, because somebody writes them freely.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class PlanStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class PlanOutcome(StrEnum):
    """How a plan ended. None of them has a consequence for anybody."""

    ACHIEVED = "achieved"
    PARTLY = "partly"
    NOT_ACHIEVED = "not_achieved"
    OVERTAKEN = "overtaken"  # the indicator or the office is no more


class FollowUpState(StrEnum):
    ON_TRACK = "on_track"
    DELAYED = "delayed"
    NEEDS_HELP = "needs_help"
    DONE = "done"


class ImprovementPlan(Row, table=True):
    __tablename__ = "improvement_plans"
    __table_args__ = (Index("improvement_plans_scorecard", "scorecard_id"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    scorecard_id: UUID = Field(foreign_key="scorecards.id")
    office: str
    starts_on: date
    review_on: date
    status: str = PlanStatus.OPEN
    made_at: datetime = Field(sa_type=Timestamp)
    made_by: str
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    closed_by: str | None = None
    outcome: str | None = None


class PlanMeasure(Row, table=True):
    __tablename__ = "plan_measures"
    __table_args__ = (Index("plan_measures_plan", "plan_id"),)

    id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(foreign_key="improvement_plans.id")
    indicator: str
    measure_sealed: bytes
    due_on: date
    place: int


class PlanFollowUp(Row, table=True):
    __tablename__ = "plan_follow_ups"
    __table_args__ = (Index("plan_follow_ups_plan", "plan_id"),)

    id: UUID = Field(primary_key=True)
    plan_id: UUID = Field(foreign_key="improvement_plans.id")
    entry_sealed: bytes
    state: str
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str
