"""Table: every version of every indicator."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp

STANDARD = "standard"


class Indicator(Row, table=True):
    """One version of an indicator. A catalogue: it holds no place's figures and is open to all
    who may read here. `origin` is "standard" for the shipped set, otherwise "county"."""

    __tablename__ = "indicators"

    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    origin: str
    scored: bool
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=Timestamp)
