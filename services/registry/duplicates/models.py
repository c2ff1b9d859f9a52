"""Table of candidate pairs."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Decision(StrEnum):
    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


class Duplicate(Row, table=True):
    """Two records that may be of one person, `first_id` the older id. `evidence` names what they
    have in common; it is of the pair, never a mark on a person. A decided pair is not proposed
    again."""

    __tablename__ = "duplicates"
    __table_args__ = (
        Index("duplicates_pair", "first_id", "second_id", unique=True),
        Index("duplicates_second", "second_id"),
        Index("duplicates_status", "status", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    first_id: UUID = Field(foreign_key="persons.id")
    second_id: UUID = Field(foreign_key="persons.id")
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = Decision.OPEN
    merge_id: UUID | None = Field(default=None, foreign_key="person_merges.id")
    found_at: datetime = Field(sa_type=Timestamp)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
