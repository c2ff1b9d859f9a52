"""Tables of reconciliations. They hold counts, hashes and ids of messages, and name nobody."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp
from shared.signing import JsonObject


class State(StrEnum):
    """`due`: ours is to be counted. `waiting`: for the peer's statement. `comparing`: the days that
    differ are compared message by message."""

    DUE = "due"
    WAITING = "waiting"
    COMPARING = "comparing"
    AGREED = "agreed"
    DIFFERING = "differing"


class Reconciliation(Row, table=True):
    """What two nodes said to each other from `since` to `until` (both included, days in China by
    the time inside the signed message). A statement holds what there was at its cut."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('due', 'waiting', 'comparing', 'agreed', 'differing')",
            "reconciliations_state",
        ),
        Index("reconciliations_peer", "peer", "since", "until"),
        Index("reconciliations_open", "id", postgresql_where="concluded_at IS NULL"),
    )

    id: UUID = Field(primary_key=True)
    peer: str
    since: date
    until: date
    asked_by: str
    state: str = State.DUE
    created_at: datetime = Field(sa_type=Timestamp)
    our_cut_at: datetime | None = Field(default=None, sa_type=Timestamp)
    their_cut_at: datetime | None = Field(default=None, sa_type=Timestamp)
    their_lines: bool = False  # whether the last of them has come
    concluded_at: datetime | None = Field(default=None, sa_type=Timestamp)


class Count(Row, table=True):
    """Messages of one kind and day, as we (`ours`) or the peer hold them. `direction` is seen from
    here. `digest` is over ids, payload hashes and feedback: equal where every message is."""

    __tablename__ = "reconciliation_counts"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", "reconciliation_counts_direction"),
    )

    reconciliation_id: UUID = Field(primary_key=True)
    ours: bool = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    messages: int
    confirmed: int
    disagreeing: int
    digest: str


class Line(Row, table=True):
    """A message on which the two do not agree: what we hold of it, what they hold, and why. The
    reason is empty until both have been compared."""

    __tablename__ = "reconciliation_lines"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", "reconciliation_lines_direction"),
    )

    reconciliation_id: UUID = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    kind: str
    day: date
    ours: JsonObject | None = Field(default=None, sa_column=Column(JSONB))
    theirs: JsonObject | None = Field(default=None, sa_column=Column(JSONB))
    reason: str | None = None
