"""Table of service agreements."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Agreement(Row, table=True):
    """A service agreement (服务协议) of an office with a unit, a post of the grid, or the landlord
    of a filed lease; it names nobody. It runs from `since` to the day before `until`. A renewal
    is an agreement of its own that follows `previous_id`."""

    __tablename__ = "agreements"
    __table_args__ = (
        Index("agreements_work_unit", "work_unit_id"),
        Index("agreements_post", "post_id"),
        Index("agreements_lease", "lease_id"),
        Index("agreements_previous", "previous_id", unique=True),
        Index("agreements_region", "region", "id", postgresql_ops={"region": "text_pattern_ops"}),
        Index(
            "agreements_running",
            "until",
            "id",
            postgresql_where="signed_on IS NOT NULL AND ended_on IS NULL",
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    kind: str
    region: str
    work_unit_id: UUID | None = Field(default=None, foreign_key="work_units.id")
    post_id: UUID | None = Field(default=None, foreign_key="grid_posts.id")
    lease_id: UUID | None = Field(default=None, foreign_key="leases.id")
    template_version: int
    clauses: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    since: date
    until: date
    previous_id: UUID | None = Field(default=None, foreign_key="agreements.id")
    signed_on: date | None = None
    signed_by: str | None = None
    ended_on: date | None = None
    ended_for: str | None = None
    recorded_at: datetime = Field(sa_type=Timestamp)
    recorded_by: str
