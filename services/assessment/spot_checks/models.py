"""Tables: spot checks, the list each was drawn from, the sample, and what checkers found.

A case is known by the office's own number for it. Who it is about is not known here.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class CheckState(StrEnum):
    PLANNED = "planned"  # 已部署
    LISTED = "listed"  # 清单已报
    DRAWN = "drawn"  # 已抽样
    FINISHED = "finished"  # 已完成
    CALLED_OFF = "called_off"  # 已取消


class SpotCheck(Row, table=True):
    """`secret_sealed` is revealed by drawing; `reported` is how many cases our figures count."""

    __tablename__ = "spot_checks"
    __table_args__ = (Index("spot_checks_area", "area", "id"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    observer: str
    area: str
    office: str
    kind: str
    period: str
    starts_on: date
    ends_on: date
    margin: float
    confidence: float
    state: str = CheckState.PLANNED
    commitment: str
    secret_sealed: bytes
    references: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    list_hash: str | None = None
    reported: int | None = None
    secret: str | None = None
    planned_at: datetime = Field(sa_type=Timestamp)
    planned_by: str
    listed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    listed_by: str | None = None
    drawn_at: datetime | None = Field(default=None, sa_type=Timestamp)
    drawn_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    ended_by: str | None = None


class SpotCheckCase(Row, table=True):
    """A case of the sample; `place` is its number in it, from 1."""

    __tablename__ = "spot_check_cases"

    check_id: UUID = Field(primary_key=True, foreign_key="spot_checks.id")
    reference: str = Field(primary_key=True)
    place: int


class SpotCheckEntry(Row, table=True):
    """What one checker found of a case."""

    __tablename__ = "spot_check_entries"

    check_id: UUID = Field(primary_key=True, foreign_key="spot_checks.id")
    reference: str = Field(primary_key=True)
    entered_by: str = Field(primary_key=True)
    outcome: str
    reason: str | None = None
    entered_at: datetime = Field(sa_type=Timestamp)
