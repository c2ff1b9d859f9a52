"""Commands and views of appeals."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from services.assessment.appeals.models import AppealStatus
from services.assessment.fields import Reason, Slug
from shared.commands import Command


class FileAppeal(Command):
    """Object to one indicator of a published scorecard, within 15 days (申诉)."""

    scorecard_id: UUID
    indicator: Slug
    reason: Reason


class DecideAppeal(Command):
    """Decide an appeal (裁定). Upheld, the scorecard is computed anew from the facts as they are
    now; `leave_out` takes the disputed indicator out of it."""

    upheld: bool
    reason: Reason
    leave_out: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.leave_out and not self.upheld:
            raise ValueError("驳回的申诉不改变成绩 / an appeal that is rejected changes nothing")
        return self


class AppealView(BaseModel):
    id: UUID
    version: int
    scorecard_id: UUID
    indicator: str
    reason: str
    status: AppealStatus
    filed_at: datetime
    filed_by: str
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    new_scorecard_id: UUID | None
