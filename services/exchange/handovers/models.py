"""Tables: who keeps a record, and the handovers of its keeping."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from services.exchange.handovers.rules import Stage
from shared.columns import Timestamp


class Keeping(Row, table=True):
    """Who keeps a record that was ever offered to another county; `id` is the same in all of them,
    `person_id` our registry's, once a desk of ours said whose it is. `keeper` is null while the
    keeping is on its way. `epoch` counts how often it was handed over, `turn` what our registry was
    told of the person."""

    __tablename__ = "keepings"
    __table_args__ = (Index("keepings_person", "person_id", unique=True),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    person_id: UUID | None = None
    local_region: str
    keeper: str | None = None
    epoch: int = 0
    turn: int = 0
    updated_at: datetime = Field(sa_type=Timestamp)


class Handover(Row, table=True):
    """One handover as this county holds it. `epoch` is the keeping's when it was offered; `joined`
    says that our record was one with the giver's before. Whom it is about, and why, is sealed; once
    erased it names nobody."""

    __tablename__ = "handovers"
    __table_args__ = (
        CheckConstraint("role IN ('giver', 'taker')", "handovers_role"),
        Index(
            "handovers_open",
            "keeping_id",
            unique=True,
            postgresql_where="stage NOT IN ('taken', 'declined', 'withdrawn')",
        ),
        Index("handovers_list", "role", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    keeping_id: UUID = Field(foreign_key="keepings.id")
    role: str
    peer: str
    stage: str = Stage.OFFERED
    epoch: int
    joined: bool = False
    local_region: str
    other_region: str
    content_sealed: bytes | None
    note_sealed: bytes | None = None
    erased_at: datetime | None = Field(default=None, sa_type=Timestamp)
    opened_at: datetime = Field(sa_type=Timestamp)
    changed_at: datetime = Field(sa_type=Timestamp)
