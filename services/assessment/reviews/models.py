"""Tables: monthly reviews, and what was said and decided in them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class EntryKind(StrEnum):
    REMARK = "remark"  # 评议意见
    DECISION = "decision"  # 议定事项


class MonthlyReview(Row, table=True):
    """The review of the month that begins on `month`; signed, it is final."""

    __tablename__ = "monthly_reviews"
    __table_args__ = (Index("monthly_reviews_month", "observer", "month", unique=True),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    observer: str
    month: date
    held_on: date
    opened_at: datetime = Field(sa_type=Timestamp)
    opened_by: str
    signed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    signed_by: str | None = None


class ReviewEntry(Row, table=True):
    """A remark, or a decision with the office that sees to it and the day it is due."""

    __tablename__ = "review_entries"
    __table_args__ = (Index("review_entries_review", "review_id"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    review_id: UUID = Field(foreign_key="monthly_reviews.id")
    kind: str
    office: str | None = None
    due_on: date | None = None
    words_sealed: bytes
    entered_at: datetime = Field(sa_type=Timestamp)
    entered_by: str
    done_at: datetime | None = Field(default=None, sa_type=Timestamp)
    done_by: str | None = None
