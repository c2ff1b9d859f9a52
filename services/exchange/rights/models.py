"""Table: erasures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class Erasure(Row, table=True):
    """A decision on an erasure (删除决定): per kind of data how many records went, how many are
    held and why. `region` is what it covered. Holds nothing of what was erased."""

    __tablename__ = "erasures"
    __table_args__ = (Index("erasures_person", "person_id"),)

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    kinds: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    decided_at: datetime = Field(sa_type=Timestamp)
    decided_by: str
