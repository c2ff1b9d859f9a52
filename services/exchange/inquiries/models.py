"""Tables of inquiries, their steps, and the calendar their deadlines count by."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from services.exchange.inquiries.states import State
from shared.columns import Timestamp


class Inquiry(Row, table=True):
    """An inquiry as this node holds it; `side` is ours, `local_region` the region of ours that
    it concerns. Subject and question are sealed."""

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("side IN ('asking', 'asked', 'city')", "inquiries_side"),
        Index("inquiries_list", "side", "id"),
        Index("inquiries_due", "state", "due_on"),
        Index(
            "inquiries_local_region",
            "local_region",
            postgresql_ops={"local_region": "text_pattern_ops"},
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    side: str
    kind: str
    state: str = State.OPENED
    urgent: bool
    from_node: str
    to_node: str
    from_region: str
    asked_region: str
    local_region: str
    content_sealed: bytes
    opened_on: date
    due_on: date
    opened_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    in_time: bool | None = None
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    correct: bool | None = None
    reminders: int = 0
    reminded_at: datetime | None = Field(default=None, sa_type=Timestamp)
    overdue_at: datetime | None = Field(default=None, sa_type=Timestamp)
    escalated_at: datetime | None = Field(default=None, sa_type=Timestamp)
    upheld: str | None = None


class InquiryStep(Row, table=True):
    """One act of one side: what was done, and (sealed) what was said."""

    __tablename__ = "inquiry_steps"

    inquiry_id: UUID = Field(primary_key=True, foreign_key="inquiries.id")
    number: int = Field(primary_key=True)
    verb: str
    side: str
    node: str
    state: str
    at: datetime = Field(sa_type=Timestamp)
    act_sealed: bytes


class CalendarDay(Row, table=True):
    """A day on which work differs from the week's habit: a holiday, or a working Saturday."""

    __tablename__ = "calendar_days"

    day: date = Field(primary_key=True)
    working: bool
    name: str
    source: str
