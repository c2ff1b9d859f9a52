"""Tables: scorecards, their items, the counts behind each item, and vetoes.

A scorecard has two places: the `area` that is judged and the `observer` that judged it by what it
saw. They differ when a county judges its neighbour (双向考核), so jurisdiction takes both: a row is
visible to whoever is responsible for the observing place, and to the judged place itself, which
must be able to read its score, follow the evidence and appeal. Only the observing side computes
and publishes; handlers ask `actor.covers(observer)` before they write.

The counts are copied when a scorecard is computed, so that the evidence of a published score
never changes under it. The finest subject is an office; nothing here can name a person, and the
`…_by` columns hold the account of the official who acted.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class ScorecardStatus(StrEnum):
    PRELIMINARY = "preliminary"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class Scorecard(Row, table=True):
    """One edition of the score of a subject (area, office "" for the whole area) in a period. An
    upheld appeal makes a new edition. `judged` is how much of the weight, of 100, had cases
    enough; `scheme_version` the last that judged the period."""

    __tablename__ = "scorecards"
    __table_args__ = (
        Index("scorecards_edition", "scheme", "period", "area", "office", "edition", unique=True),
        Index("scorecards_period", "period", "area"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    edition: int = 1
    scheme: str
    scheme_version: int
    period: str
    starts_on: date
    ends_on: date
    area: str
    office: str
    observer: str
    status: str = ScorecardStatus.PRELIMINARY
    score: Decimal | None = Field(default=None, sa_type=Numeric(9, 2))
    judged: Decimal = Field(default=Decimal(0), sa_type=Numeric(9, 4))
    area_type: str | None = None
    computed_at: datetime = Field(sa_type=Timestamp)
    computed_by: str
    published_at: datetime | None = Field(default=None, sa_type=Timestamp)
    published_by: str | None = None
    supersedes: UUID | None = None


class ScorecardItem(Row, table=True):
    """What one indicator gave: its value, and the points that `rule`, an item of the scheme as it
    applies to the subject, makes of it. `taken` is set where it discounts the score instead, in
    percent of it. `parts` are those of a period that two versions of the scheme judge, each with
    its days, rule, value and points."""

    __tablename__ = "scorecard_items"

    scorecard_id: UUID = Field(primary_key=True, foreign_key="scorecards.id")
    indicator: str = Field(primary_key=True)
    indicator_version: int
    place: int
    status: str
    numerator: int = Field(sa_type=BigInteger)
    denominator: int = Field(sa_type=BigInteger)
    value: Decimal | None = Field(default=None, sa_type=Numeric(18, 2))
    weight: Decimal = Field(sa_type=Numeric(9, 4))
    points: Decimal | None = Field(default=None, sa_type=Numeric(9, 2))
    taken: Decimal | None = Field(default=None, sa_type=Numeric(9, 2))
    rule: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    parts: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))


class ScorecardCell(Row, table=True):
    """The counts behind a side of an item, by kind and outcome; `days` are those it happened on,
    each [day, n, sum_measure]."""

    __tablename__ = "scorecard_cells"

    scorecard_id: UUID = Field(primary_key=True, foreign_key="scorecards.id")
    indicator: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    days: list[tuple[str, int, int]] = Field(sa_column=Column(JSONB, nullable=False))


class Veto(Row, table=True):
    """Something that holds the scorecards of an area back while it is open (否决事项)."""

    __tablename__ = "vetoes"
    __table_args__ = (Index("vetoes_open", "area", postgresql_where="lifted_at IS NULL"),)

    id: UUID = Field(primary_key=True)
    version: int = 1
    observer: str
    area: str
    period: str
    starts_on: date
    ends_on: date
    ground: str
    reason: str
    raised_at: datetime = Field(sa_type=Timestamp)
    raised_by: str
    lifted_at: datetime | None = Field(default=None, sa_type=Timestamp)
    lifted_by: str | None = None
    lifted_reason: str | None = None
