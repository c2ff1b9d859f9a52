"""Tables: requests for help, what happened to each, reviews, and the county's own routing."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class HelpRequest(Row, table=True):
    """A request for help (求助), with or without a name; what was said is sealed.

    `office` has it now; `came_from` are the departments and offices that passed it on, newest
    last. `reminded_for` and `told_for` are the deadlines that the office was reminded of, and that
    it was told to have passed.
    """

    __tablename__ = "help_requests"
    __table_args__ = (
        Index("help_requests_person", "person_id"),
        Index("help_requests_convener", "convener_id"),
        Index("help_requests_number", "phone_index"),
        Index("help_requests_requested", "requested_on"),
        Index("help_requests_due", "region", "due_on", postgresql_where="settled_at IS NULL"),
        Index("help_requests_office", "office", "id"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID | None = None
    region: str
    category: str
    department: str
    office: str
    channel: str
    taken_office: str
    convener_id: UUID | None = None
    asked_how: str | None = None
    employer_code: str | None = None
    people: int = 1
    urgent: bool = False
    answer_by: str
    text_sealed: bytes
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    requested_on: date
    accept_by: date
    due_on: date
    accepted_on: date | None = None
    extended_on: date | None = None
    asked_back_on: date | None = None
    passed: int = 0
    came_from: list[dict[str, str]] = Field(default_factory=list, sa_type=JSONB)
    answer_sealed: bytes | None = None
    in_time: bool | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Timestamp)
    rate_until: date | None = None
    rated_at: datetime | None = Field(default=None, sa_type=Timestamp)
    rated_by: str | None = None
    satisfaction: int | None = None
    satisfaction_words_sealed: bytes | None = None
    reminded_for: date | None = None
    told_for: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class HelpStep(Row, table=True):
    """What happened to a request on a day (办理过程): words for her, and the office's own notes,
    which she is not shown; both sealed."""

    __tablename__ = "help_steps"
    __table_args__ = (Index("help_steps_request", "request_id", "id"),)

    id: UUID = Field(primary_key=True)
    request_id: UUID = Field(foreign_key="help_requests.id", ondelete="CASCADE")
    kind: str
    at: datetime = Field(sa_type=Timestamp)
    office: str
    to_office: str | None = None
    words_sealed: bytes | None = None
    note_sealed: bytes | None = None
    recorded_by: str


class HelpCompanion(Row, table=True):
    """Somebody who asks together with others, and wanted to be named (共同求助人)."""

    __tablename__ = "help_companions"
    __table_args__ = (
        Index("help_companions_person", "person_id"),
        Index("help_companions_request", "request_id"),
    )

    id: UUID = Field(primary_key=True)
    request_id: UUID = Field(foreign_key="help_requests.id", ondelete="CASCADE")
    person_id: UUID
    region: str
    joined_at: datetime = Field(sa_type=Timestamp)
    left_at: datetime | None = Field(default=None, sa_type=Timestamp)
    recorded_by: str


class HelpReview(Row, table=True):
    """A review of how a request was settled (复查), by another office; one a request."""

    __tablename__ = "help_reviews"
    __table_args__ = (
        Index(
            "help_reviews_due",
            "office",
            "due_on",
            postgresql_where="decided_at IS NULL",
        ),
    )

    request_id: UUID = Field(primary_key=True, foreign_key="help_requests.id", ondelete="CASCADE")
    settled_by: str
    office: str
    asked_on: date
    due_on: date
    outcome: str | None = None
    in_time: bool | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    told_at: datetime | None = Field(default=None, sa_type=Timestamp)


class HelpRoute(Row, table=True):
    """A county's own line of routing (转办规则). Offices and places, nobody's data; `area` is a
    region prefix, that of the county too."""

    __tablename__ = "help_routes"
    __table_args__ = (
        Index(
            "help_routes_one",
            "area",
            "category",
            "employer_known",
            "department",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: UUID = Field(primary_key=True)
    area: str
    category: str | None = None
    employer_known: bool | None = None
    department: str
    office: str
    source: str
    active: bool = True
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str
