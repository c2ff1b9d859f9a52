"""Tables of inquiries, their steps and desks, and the calendar their deadlines count by."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.exchange.base import Row
from services.exchange.inquiries.states import State
from shared.columns import Timestamp


class Inquiry(Row, table=True):
    """An inquiry as this node holds it; `side` is ours, `local_region` the region of ours that
    it concerns. Subject and question are sealed. `due_provisional`: when we set the deadline, the
    holidays of its year were not known; `recount_due`: they may be now. `asked_by` is the office
    of ours that asks, `reference` its file number (案号); `office` and `assignee` are who of ours
    works on it. Of a case of several parties each is asked in an inquiry of its own."""

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("side IN ('asking', 'asked', 'city')", "inquiries_side"),
        Index("inquiries_list", "side", "id"),
        Index("inquiries_due", "state", "due_on"),
        Index("inquiries_recount", "id", postgresql_where="recount_due"),
        Index(
            "inquiries_local_region",
            "local_region",
            postgresql_ops={"local_region": "text_pattern_ops"},
        ),
        Index(
            "inquiries_reference",
            "asked_by",
            "reference",
            unique=True,
            postgresql_where="case_id IS NULL",
        ),
        Index("inquiries_assignee", "assignee", "state"),
        Index(
            "inquiries_case",
            "case_id",
            "party",
            unique=True,
            postgresql_where="case_id IS NOT NULL",
        ),
        CheckConstraint("(case_id IS NULL) = (party IS NULL)", "inquiries_party"),
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
    erased_at: datetime | None = Field(default=None, sa_type=Timestamp)
    opened_on: date
    due_on: date
    due_provisional: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    recount_due: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
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
    reference: str | None = None
    asked_by: str | None = None
    office: str | None = None
    assignee: str | None = None
    case_id: UUID | None = Field(default=None, foreign_key="inquiry_cases.id")
    party: str | None = None


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


class InquiryAssignment(Row, table=True):
    """Who was put in charge of an inquiry (分办记录), and by whom: one row for each change."""

    __tablename__ = "inquiry_assignments"

    inquiry_id: UUID = Field(primary_key=True, foreign_key="inquiries.id")
    number: int = Field(primary_key=True)
    region: str
    office: str | None = None
    assignee: str | None = None
    by: str
    by_office: str
    at: datetime = Field(sa_type=Timestamp)


class DeskMember(Row, table=True):
    """A member of staff to whom inquiries can be given (经办人), by the subject of her token; she
    may work on those of `region`."""

    __tablename__ = "desk_members"

    sub: str = Field(primary_key=True)
    office: str
    region: str
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str


class InquiryTemplate(Row, table=True):
    """Words that come back in every question or answer of a kind (模板). Names nobody."""

    __tablename__ = "inquiry_templates"
    __table_args__ = (CheckConstraint("part IN ('question', 'answer')", "inquiry_templates_part"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    kind: str
    part: str
    title: str
    fields: dict[str, str | int | bool] = Field(sa_column=Column(JSONB, nullable=False))
    updated_by: str
    updated_at: datetime = Field(sa_type=Timestamp)


class InquiryCase(Row, table=True):
    """One matter about which several parties are asked (三方协查)."""

    __tablename__ = "inquiry_cases"

    id: UUID = Field(primary_key=True)
    reference: str | None = None
    local_region: str
    opened_by: str
    opened_at: datetime = Field(sa_type=Timestamp)


class CalendarYear(Row, table=True):
    """A year whose holidays are known, and from which notice."""

    __tablename__ = "calendar_years"

    year: int = Field(primary_key=True)
    source: str
    entered_by: str
    entered_at: datetime = Field(sa_type=Timestamp)


class CalendarDay(Row, table=True):
    """A day on which work differs from the week's habit: a holiday, or a working Saturday."""

    __tablename__ = "calendar_days"

    day: date = Field(primary_key=True)
    working: bool
    name: str
    source: str
