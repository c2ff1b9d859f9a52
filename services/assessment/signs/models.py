"""Tables: which months were looked at, and the questions that came of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class SignSearch(Row, table=True):
    """A month's figures were looked at once: how many tests that were, and how many questions."""

    __tablename__ = "sign_searches"

    observer: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    tested: int
    asked: int
    searched_at: datetime = Field(sa_type=Timestamp)


class Sign(Row, table=True):
    """A question to an office about its figures of a month (疑点), and its answer. It is about
    numbers alone and has no consequence of its own."""

    __tablename__ = "signs"
    __table_args__ = (Index("signs_month", "month", "id"),)

    id: UUID = Field(primary_key=True)
    observer: str
    area: str
    office: str
    month: date
    check: str
    kind: str
    cases: int
    share: float
    p: float
    same_as: str
    bars: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    raised_at: datetime = Field(sa_type=Timestamp)
    explanation: str | None = None
    answer_sealed: bytes | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    answered_by: str | None = None
