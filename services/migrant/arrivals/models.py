"""Tables: stays (居住情况), each opened by an arrival and closed by a departure or a move."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
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

    MOVE = "move"
    DEPARTURE = "departure"


class Arrival(Row, table=True):
    """A stay in one place. `until` is null while it lasts; at most one is open for a person.
    `in_county_since` goes on counting when she moves within the county."""

    __tablename__ = "arrivals"
    __table_args__ = (
        Index("arrivals_person", "person_id", "arrived_on"),
        Index("arrivals_open", "person_id", unique=True, postgresql_where="until IS NULL"),
        Index("arrivals_region", "region", postgresql_ops={"region": "text_pattern_ops"}),
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
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
