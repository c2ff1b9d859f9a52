"""Tables of work units and of how many people each had, when."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class UnitKind(StrEnum):
    """What a work unit is (单位类别)."""

    ENTERPRISE = "enterprise"  # 企业
    INSTITUTION = "institution"  # 机关事业单位
    MARKET = "market"  # 市场
    SITE = "site"  # 工地
    PROPERTY_MANAGER = "property-manager"  # 物业


class WorkUnit(Row, table=True):
    """A work unit (单位) that stands in one village or community. `tier` follows from its size and
    `bureau_level` by rule. A market (U5) says how many `stalls` it has; `service_point` is where
    on its premises people are served, in words."""

    __tablename__ = "work_units"
    __table_args__ = (
        Index("work_units_code", "credit_code", unique=True, postgresql_where="closed_on IS NULL"),
        Index("work_units_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    credit_code: str
    name: str
    region: str
    kind: str
    bureau_level: bool
    stalls: int | None = None
    service_point: str | None = None
    tier: str
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    closed_on: date | None = None


class WorkUnitSize(Row, table=True):
    """How many people a unit had (职工人数) from a day on; `until` is the first day it was no more.
    The four kinds are a part of `staff` as far as the unit told them."""

    __tablename__ = "work_unit_sizes"
    __table_args__ = (Index("work_unit_sizes_since", "work_unit_id", "since", unique=True),)

    id: UUID = Field(primary_key=True)
    work_unit_id: UUID = Field(foreign_key="work_units.id")
    staff: int
    permanent: int | None = None  # 在编
    contract: int | None = None  # 合同制
    dispatched: int | None = None  # 劳务派遣
    temporary: int | None = None  # 临时
    source: str
    since: date
    until: date | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
