"""Table of monthly figures, sent and received."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp
from shared.signing import JsonObject


class FiguresKind(StrEnum):
    """`department`: counts of people by area. `seen`: what one saw of the other's offices."""

    DEPARTMENT = "department"
    SEEN = "seen"


class FiguresDirection(StrEnum):
    OUT = "out"
    IN = "in"


class MonthlyFigures(Row, table=True):
    """Figures as they were said; of several for one peer and month the newest holds."""

    __tablename__ = "monthly_figures"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", "monthly_figures_direction"),
        CheckConstraint("kind IN ('department', 'seen')", "monthly_figures_kind"),
        Index("monthly_figures_month", "kind", "peer", "month"),
    )

    id: UUID = Field(primary_key=True)
    direction: str
    kind: str
    peer: str
    month: str
    figures: list[JsonObject] = Field(sa_column=Column(JSONB, nullable=False))
    said_at: datetime = Field(sa_type=Timestamp)
