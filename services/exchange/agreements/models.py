"""Table of regional agreements."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class AgreementState(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in-force"
    DECLINED = "declined"
    ENDED = "ended"


class Agreement(Row, table=True):
    """An agreement with a peer, the same on both sides. `until` is its last day, null where none
    is set; `kinds` are what is exchanged under it."""

    __tablename__ = "agreements"
    __table_args__ = (
        CheckConstraint(
            "state IN ('proposed', 'in-force', 'declined', 'ended')", "agreements_state"
        ),
        Index("agreements_peer", "peer", "since"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    name: str
    peer: str
    proposed_here: bool
    since: date
    until: date | None = None
    kinds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    state: str = AgreementState.PROPOSED
    proposed_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
