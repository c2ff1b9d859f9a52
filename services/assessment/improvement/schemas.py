"""Commands and views of improvement plans."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.assessment.fields import Office, Reason, Slug
from services.assessment.improvement.models import FollowUpState, PlanOutcome, PlanStatus
from shared.commands import Command
from shared.text import CalendarDay


class Measure(Command):
    """What is to be done about one indicator, and by when."""

    indicator: Slug
    measure: Reason
    due_on: CalendarDay


class MakePlan(Command):
    """Plan how weak indicators of a published scorecard are to become better (整改提升计划)."""

    scorecard_id: UUID
    office: Office
    starts_on: CalendarDay
    review_on: CalendarDay
    measures: Annotated[list[Measure], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.review_on <= self.starts_on:
            raise ValueError("复查日期应晚于开始日期 / the review comes after the beginning")
        if any(not self.starts_on <= each.due_on <= self.review_on for each in self.measures):
            raise ValueError(
                "措施期限应在开始与复查之间 / a measure is due between beginning and review"
            )
        return self


class FollowUp(Command):
    """How it goes (跟进)."""

    entry: Reason
    state: FollowUpState


class ClosePlan(Command):
    outcome: PlanOutcome


class MeasureView(BaseModel):
    indicator: str
    measure: str
    due_on: date


class FollowUpView(BaseModel):
    entry: str
    state: FollowUpState
    entered_at: datetime
    entered_by: str


class LaterValue(BaseModel):
    period: str
    scorecard_id: UUID
    value: Decimal | None


class Effect(BaseModel):
    """What became of an indicator: its value on the plan's card, and on the published cards of
    the same subject, scheme and kind of period since. `better` compares the newest of them with
    the first, in the indicator's direction; null while there is nothing to compare."""

    indicator: str
    before: Decimal | None
    target: Decimal
    later: list[LaterValue]
    change: Decimal | None
    better: bool | None
    reached: bool | None


class PlanSummary(BaseModel):
    """`overdue` is an open plan whose review day has passed."""

    id: UUID
    version: int
    scorecard_id: UUID
    area: str
    period: str
    office: str
    indicators: list[str]
    starts_on: date
    review_on: date
    status: PlanStatus
    outcome: PlanOutcome | None
    overdue: bool
    made_at: datetime
    made_by: str
    closed_at: datetime | None
    closed_by: str | None


class PlanView(PlanSummary):
    measures: list[MeasureView]
    follow_ups: list[FollowUpView]
    effects: list[Effect]
