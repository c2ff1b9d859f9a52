"""Tables of households. Their members are the persons that name them; who was in which before is
told by the moves."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Household(Row, table=True):
    """A household (户). `number` (户号) is unique within its county; it is closed when nobody is
    left in it."""

    __tablename__ = "households"
    __table_args__ = (Index("households_number", "county", "number", unique=True),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    region: str
    county: str
    number: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)


class MoveCause(StrEnum):
    """Why somebody's place among households changed (户内变动原因)."""

    FORMED = "formed"  # 立户
    SPLIT = "split"  # 分户
    JOINED = "joined"  # 并户
    ENTERED = "entered"  # 入户
    LEFT = "left"  # 离户
    HEAD_CHANGED = "head-changed"  # 变更户主
    DIED = "died"  # 死亡


class HouseholdMove(Row, table=True):
    """Somebody's household or her relation to its head changed on a day. Only changes are kept:
    `persons` says how it is now, and on day D it was what the first move after D started from.
    The moves of one change (a split, say) share `change_id`."""

    __tablename__ = "household_moves"
    __table_args__ = (
        Index("household_moves_person", "person_id", "moved_on", "id"),
        Index("household_moves_from", "from_household"),
        Index("household_moves_to", "to_household"),
    )

    id: UUID = Field(primary_key=True)
    change_id: UUID
    person_id: UUID = Field(foreign_key="persons.id")
    from_household: UUID | None = Field(default=None, foreign_key="households.id")
    from_relation: str | None = None
    to_household: UUID | None = Field(default=None, foreign_key="households.id")
    to_relation: str | None = None
    moved_on: date
    cause: str
    reason: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
