"""Table: every version of every scheme."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class Scheme(Row, table=True):
    """One version of a scheme; `items` as declared, each with the indicator version it pins."""

    __tablename__ = "schemes"
    __table_args__ = (Index("schemes_valid_from", "code", "valid_from"),)

    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    valid_from: date
    items: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=Timestamp)
