"""Tables: stays (居住情况), each opened by an arrival and closed by a departure or a move; what
stays said before they were put right."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class StayPurpose(StrEnum):
    """Why somebody came (流入事由)."""

    WORK = "work"  # 务工
    BUSINESS = "business"  # 经商
    STUDY = "study"  # 学习
    FAMILY = "family"  # 随迁、投靠
    OTHER = "other"  # 其他


class StayEnd(StrEnum):
    """How a stay ended."""

    MOVE = "move"  # 县内变更
    DEPARTURE = "departure"  # 流出
    DEATH = "death"  # 死亡
    ANNULMENT = "annulment"  # 撤销: registered in error, it never was


class ChangeKind(StrEnum):
    """How a stay was put right."""

    CORRECTION = "correction"  # 更正
    ANNULMENT = "annulment"  # 撤销


class Arrival(Row, table=True):
    """A stay in one place. `until` is null while it lasts; at most one is open for a person.
    `in_county_since` goes on counting when she moves within the county: `moved_from_id` is the
    stay that this one ended as a move. `relation` (GB/T 4761) is to the first of the `group_id`
    that arrived together. `leaving_on` and `leaving_to` are what she said she expects."""

    __tablename__ = "arrivals"
    __table_args__ = (
        Index("arrivals_person", "person_id", "arrived_on"),
        Index("arrivals_open", "person_id", unique=True, postgresql_where="until IS NULL"),
        Index("arrivals_region", "region", postgresql_ops={"region": "text_pattern_ops"}),
        Index(
            "arrivals_leaving_on",
            "leaving_on",
            "id",
            postgresql_where="until IS NULL AND leaving_on IS NOT NULL",
        ),
        Index("arrivals_doubted", "id", postgresql_where="doubts <> '{}'"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID
    region: str
    origin_region: str
    arrived_on: date
    in_county_since: date
    stay_purpose: str
    room_id: UUID | None = None
    employer: str | None = None
    until: date | None = None
    ended_by: str | None = None
    departure_id: UUID | None = None
    to_region: str | None = None
    moved_from_id: UUID | None = None
    group_id: UUID | None = None
    relation: str | None = None
    leaving_on: date | None = None
    leaving_to: str | None = None
    doubts: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class StayChange(Row, table=True):
    """That a stay was put right (居住登记更正、撤销). What it said before, and why, is sealed:
    the fields hold free text."""

    __tablename__ = "stay_changes"
    __table_args__ = (
        Index("stay_changes_arrival", "arrival_id"),
        Index("stay_changes_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    arrival_id: UUID = Field(foreign_key="arrivals.id")
    person_id: UUID
    region: str
    kind: str
    content_sealed: bytes
    changed_at: datetime = Field(sa_type=Timestamp)
    changed_by: str
