"""Table: annual targets, each edition of each."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class AnnualTarget(Row, table=True):
    """One edition of how much work an observing county plans for a year: `counted` are the facts
    that count towards it, `cells` a row for each of `offices` with a figure a month. A revision
    is a further edition with its `reason`; `set_by` is the account of the official."""

    __tablename__ = "annual_targets"
    __table_args__ = (
        Index("annual_targets_edition", "observer", "code", "year", "edition", unique=True),
    )

    id: UUID = Field(primary_key=True)
    observer: str
    code: str
    year: int
    edition: int
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    counted: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    total: int
    by_month: str
    offices: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    cells: list[list[int]] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str | None = None
    set_at: datetime = Field(sa_type=Timestamp)
    set_by: str
