"""Table of notices, sent and received. Content is sealed; the rest names nobody."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class NoticeDirection(StrEnum):
    OUT = "out"
    IN = "in"


class Notice(Row, table=True):
    """`region` is the place it speaks of, `to_region` the one that is told, `local_region` the
    one of the two that is ours. `peer` is null while no participant covers `to_region`: the
    notice is then undeliverable, and visible as such."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", "notices_direction"),
        Index("notices_list", "direction", "id"),
        Index("notices_source", "source", unique=True),
        Index("notices_undeliverable", "id", postgresql_where="direction = 'out' AND peer IS NULL"),
        Index(
            "notices_local_region",
            "local_region",
            postgresql_ops={"local_region": "text_pattern_ops"},
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    direction: str
    kind: str
    peer: str | None = None
    region: str
    to_region: str
    local_region: str
    happened_on: date
    content_sealed: bytes
    person_id: UUID | None = None
    source: str | None = None
    feedback_asked: bool
    agrees: bool | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    created_at: datetime = Field(sa_type=Timestamp)
