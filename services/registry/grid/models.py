"""Tables of the grid: posts, their areas, who holds them, and changes of hand."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.base import Row
from services.registry.grid.rules import Level
from shared.columns import Timestamp

__all__ = ["GridPost", "Handover", "LeaveReason", "Level", "PostArea", "Staff", "Staffing"]


class StaffRole(StrEnum):
    """In which role somebody stands in a place (任职)."""

    LEAD = "lead"  # 负责: the post's holder, the unit's liaison officer (联络员)
    DEPUTY = "deputy"  # 副手
    SERVICE_POINT = "service-point"  # 服务点工作人员, at a work unit


class LeaveReason(StrEnum):
    """Why somebody leaves a place. Nothing private is asked."""

    RESIGNED = "resigned"  # 辞任
    TRANSFERRED = "transferred"  # 调岗
    RETIRED = "retired"  # 退休
    LEAVE = "leave"  # 长期离岗
    AREA_CHANGED = "area-changed"  # 网格调整
    PLACE_CLOSED = "place-closed"  # 撤岗
    ENTERED_IN_ERROR = "entered-in-error"  # 登记有误


class HandoverState(StrEnum):
    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Staff(Row, table=True):
    """A liaison officer (联络员) or another who serves: name and phone sealed, and the login
    (`org`, `sub`) of those who have one. `region` is where she was entered."""

    __tablename__ = "staff"
    __table_args__ = (
        Index("staff_region", "region", postgresql_ops={"region": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    region: str
    name_sealed: bytes
    phone_sealed: bytes | None = None
    org: str | None = None
    sub: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class GridPost(Row, table=True):
    """A post of the four-level chain (四级责任链) in one village or community. The community's own
    post stands above all others there; `number` tells a post apart."""

    __tablename__ = "grid_posts"
    __table_args__ = (
        Index(
            "grid_posts_number",
            "region",
            "number",
            unique=True,
            postgresql_where="until IS NULL",
        ),
        Index(
            "grid_posts_root",
            "region",
            unique=True,
            postgresql_where="until IS NULL AND level = 'community'",
        ),
        Index("grid_posts_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
        Index("grid_posts_parent", "parent_id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    level: str
    region: str
    number: str
    parent_id: UUID | None = Field(default=None, foreign_key="grid_posts.id")
    since: date
    until: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class PostArea(Row, table=True):
    """What a post serves: one household, the households of one building, or those of a part of the
    village (`estate`: 小区, 村民小组). The narrower goes before the wider."""

    __tablename__ = "post_areas"
    __table_args__ = (
        Index(
            "post_areas_household",
            "household_id",
            unique=True,
            postgresql_where="until IS NULL AND household_id IS NOT NULL",
        ),
        Index(
            "post_areas_dwelling",
            "dwelling_id",
            unique=True,
            postgresql_where="until IS NULL AND dwelling_id IS NOT NULL",
        ),
        Index(
            "post_areas_estate",
            "region",
            "estate",
            unique=True,
            postgresql_where="until IS NULL AND estate IS NOT NULL",
        ),
        Index("post_areas_post", "post_id"),
    )

    id: UUID = Field(primary_key=True)
    post_id: UUID = Field(foreign_key="grid_posts.id")
    region: str
    household_id: UUID | None = Field(default=None, foreign_key="households.id")
    dwelling_id: UUID | None = Field(default=None, foreign_key="dwellings.id")
    estate: str | None = None
    since: date
    until: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class Staffing(Row, table=True):
    """Somebody in a post of the grid or at a work unit, since when until when (任职经历)."""

    __tablename__ = "staffings"
    __table_args__ = (
        Index("staffings_post", "post_id"),
        Index("staffings_work_unit", "work_unit_id"),
        Index(
            "staffings_post_lead",
            "post_id",
            unique=True,
            postgresql_where="until IS NULL AND role = 'lead'",
        ),
        Index(
            "staffings_work_unit_lead",
            "work_unit_id",
            unique=True,
            postgresql_where="until IS NULL AND role = 'lead'",
        ),
        Index("staffings_staff", "staff_id"),
    )

    id: UUID = Field(primary_key=True)
    post_id: UUID | None = Field(default=None, foreign_key="grid_posts.id")
    work_unit_id: UUID | None = Field(default=None, foreign_key="work_units.id")
    region: str
    staff_id: UUID = Field(foreign_key="staff.id")
    role: str
    since: date
    until: date | None = None
    ended_for: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str


class Handover(Row, table=True):
    """A change of hand (交接): who goes, who comes, on which day and why. It takes effect when both
    have confirmed, and then holds the tasks that were open."""

    __tablename__ = "handovers"
    __table_args__ = (
        Index("handovers_open", "staffing_id", unique=True, postgresql_where="state = 'open'"),
        Index("handovers_staffing", "staffing_id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    staffing_id: UUID = Field(foreign_key="staffings.id")
    to_staff_id: UUID = Field(foreign_key="staff.id")
    handed_on: date
    reason: str
    outgoing_at: datetime | None = Field(default=None, sa_type=Timestamp)
    outgoing_by: str | None = None
    outgoing_on_paper: bool = False
    incoming_at: datetime | None = Field(default=None, sa_type=Timestamp)
    incoming_by: str | None = None
    incoming_on_paper: bool = False
    task_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    state: str = HandoverState.OPEN
    opened_at: datetime = Field(sa_type=Timestamp)
    opened_by: str
    closed_at: datetime | None = Field(default=None, sa_type=Timestamp)
