"""Tables: what-ifs and their lines. They hold scores that nobody got: nothing is published."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Column, Index, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp

WORKER: Final = "what-if"


class WhatIfStatus(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class WhatIf(Row, table=True):
    """A version of a scheme tried on the facts of the periods from `first_period` to
    `last_period`. `due` are the cards to compute, each [period, area, office], fixed when it was
    asked for; the first `done` of them are behind it."""

    __tablename__ = "what_ifs"
    __table_args__ = (Index("what_ifs_running", "id", postgresql_where="status = 'running'"),)

    id: UUID = Field(primary_key=True)
    observer: str
    scheme: str
    scheme_version: int
    first_period: str
    last_period: str
    status: str = WhatIfStatus.RUNNING
    due: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    done: int = 0
    asked_at: datetime = Field(sa_type=Timestamp)
    asked_by: str
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)


class WhatIfLine(Row, table=True):
    """What a subject would have got (`then_…`), beside what the version in force makes of the same
    facts (`now_…`, empty where none was in force). `place` is that in `due`."""

    __tablename__ = "what_if_lines"

    what_if_id: UUID = Field(primary_key=True, foreign_key="what_ifs.id")
    place: int = Field(primary_key=True)
    period: str
    area: str
    office: str
    now_version: int | None = None
    now_score: Decimal | None = Field(default=None, sa_type=Numeric(9, 2))
    then_score: Decimal | None = Field(default=None, sa_type=Numeric(9, 2))
    then_judged: Decimal = Field(sa_type=Numeric(9, 4))
