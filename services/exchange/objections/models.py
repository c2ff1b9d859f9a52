"""Tables: what people object to, and how it was decided. What anybody wrote is sealed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from services.exchange.base import Row
from services.exchange.objections.rules import AppealStatus, Status
from shared.columns import Timestamp


class Objection(Row, table=True):
    """An objection (异议) to a notice or an inquiry, `record_id`, of our `region`. `peer` is the
    node that decides it, or from which it came; null where both are we. `person_id` is null for one
    that came from a peer: it is hers whom the record names. Once erased the reasons are gone."""

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint("direction IN ('own', 'out', 'in')", "objections_direction"),
        CheckConstraint("(direction = 'own') = (peer IS NULL)", "objections_peer"),
        CheckConstraint("(direction = 'in') = (person_id IS NULL)", "objections_person_known"),
        Index("objections_record", "record_id"),
        Index("objections_person", "person_id"),
        Index("objections_status", "status", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    direction: str
    about: str
    record_id: UUID
    person_id: UUID | None = None
    region: str
    peer: str | None = None
    status: str = Status.OPEN
    reason_sealed: bytes | None
    due_on: date
    decision_reason_sealed: bytes | None = None
    stated_at: datetime = Field(sa_type=Timestamp)
    stated_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
    erased_at: datetime | None = Field(default=None, sa_type=Timestamp)


class ObjectionAppeal(Row, table=True):
    """An appeal against a refused objection (异议复核), one for an objection. `due_on` is the day
    by which it is to be decided."""

    __tablename__ = "objection_appeals"
    __table_args__ = (
        Index("objection_appeals_objection", "objection_id", unique=True),
        Index("objection_appeals_status", "status", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    objection_id: UUID = Field(foreign_key="objections.id")
    status: str = AppealStatus.OPEN
    reason_sealed: bytes | None
    due_on: date
    decision_reason_sealed: bytes | None = None
    appealed_at: datetime = Field(sa_type=Timestamp)
    appealed_by: str
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None
