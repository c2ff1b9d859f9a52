"""Table: service points."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class ServicePoint(Row, table=True):
    """A place where a department serves people (服务网点). `org` is the office that works there, as
    its tokens name it: with one, referrals can be sent."""

    __tablename__ = "service_points"
    __table_args__ = (
        Index("service_points_area", "area", postgresql_ops={"area": "text_pattern_ops"}),
    )

    id: UUID = Field(primary_key=True)
    area: str
    kind: str
    department: str
    org: str | None = None
    name_zh: str
    name_en: str
    address: str
    office_phone: str | None = None
    hours: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    features: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    closed_on: date | None = None
    version: int
    updated_at: datetime = Field(sa_type=Timestamp)
    updated_by: str
