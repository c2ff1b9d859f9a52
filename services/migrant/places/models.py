"""Table: places."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.migrant.base import Row
from shared.columns import Timestamp


class Place(Row, table=True):
    """A place where people are served (服务点). `org` is the office that works there, as its tokens
    name it: with one, referrals to its `department` can be sent. `booking` says when appointments
    are kept there, `supplies` how free supplies are handed out; each is null where that is not
    done. `machine` is the login of the machine that hands them out. Longitude and latitude are
    degrees of CGCS2000."""

    __tablename__ = "places"
    __table_args__ = (
        Index("places_area", "area", postgresql_ops={"area": "text_pattern_ops"}),
        Index("places_machine", "machine", unique=True, postgresql_where="closed_on IS NULL"),
    )

    id: UUID = Field(primary_key=True)
    area: str
    kind: str
    department: str | None = None
    org: str | None = None
    name_zh: str
    name_en: str
    address: str
    longitude: float | None = None
    latitude: float | None = None
    office_phone: str | None = None
    hours: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    note: str | None = None
    features: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    booking: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    supplies: str | None = None
    machine: str | None = None
    closed_on: date | None = None
    version: int
    updated_at: datetime = Field(sa_type=Timestamp)
    updated_by: str

    def open_on(self, day: date) -> bool:
        return self.closed_on is None or day < self.closed_on
