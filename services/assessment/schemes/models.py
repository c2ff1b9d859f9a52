"""Table: every version of every scheme."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class Scheme(Row, table=True):
    """One version of a scheme; `items` and `quality` as declared, each with the indicator version
    it pins. A draft until a second person published it; the `…_by` columns hold the accounts of
    the two officials."""

    __tablename__ = "schemes"
    __table_args__ = (Index("schemes_valid_from", "code", "valid_from"),)

    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    valid_from: date
    splits_periods: bool = False
    items: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    quality: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    area_types: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    published_at: datetime | None = Field(default=None, sa_type=Timestamp)
    published_by: str | None = None
