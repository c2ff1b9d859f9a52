"""Commands and views of monthly reviews."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from services.assessment.fields import Office, Reason
from services.assessment.periods import MonthText
from services.assessment.reviews.models import EntryKind
from shared.commands import Command
from shared.text import CalendarDay


class OpenReview(Command):
    """Open the review of a month that has ended (召开月评议)."""

    month: MonthText
    held_on: CalendarDay


class AddEntry(Command):
    """Write down a remark, or a decision with who sees to it by when."""

    kind: EntryKind
    words: Reason
    office: Office | None = None
    due_on: CalendarDay | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        decided = self.kind is EntryKind.DECISION
        if decided != (self.office is not None) or decided != (self.due_on is not None):
            raise ValueError(
                "议定事项须写明单位和期限,意见不写"
                " / a decision names its office and its day, a remark does not"
            )
        return self


class AgendaView(BaseModel):
    """What lies before the meeting: the month's cards by status, what is owed, what waits. Offices
    and figures, never persons."""

    cards_preliminary: int
    cards_published: int
    appeals_open: int
    plans_overdue: int
    signs_unanswered: int
    spot_checks_open: int
    decisions_overdue: int


class EntryView(BaseModel):
    """`overdue` is a decision of which the day has passed and that is not done."""

    id: UUID
    kind: EntryKind
    words: str
    office: str | None
    due_on: date | None
    overdue: bool
    entered_at: datetime
    entered_by: str
    done_at: datetime | None
    done_by: str | None


class ReviewSummary(BaseModel):
    id: UUID
    version: int
    month: str
    held_on: date
    opened_at: datetime
    opened_by: str
    signed_at: datetime | None
    signed_by: str | None


class ReviewView(ReviewSummary):
    agenda: AgendaView
    entries: list[EntryView]
