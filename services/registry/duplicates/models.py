"""Tables of candidate pairs, what was decided about them, searches and thresholds."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Float, Index, SmallInteger, Text, text
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp


class Decision(StrEnum):
    """Where a pair stands."""

    OPEN = "open"
    UNDECIDED = "undecided"  # 存疑: looked at, and set aside until more is known
    SAME = "same"
    DIFFERENT = "different"
    LAPSED = "lapsed"  # a later search no longer finds it, e.g. after a correction


class Duplicate(Row, table=True):
    """Two records that may be of one person, `first_id` the older id. `evidence` holds the levels
    the comparisons came out at (model.LEVELS), `weights` what each counts in bits, `weight` their
    sum with the prior. All of it is of the pair, never a mark on a person. A decided pair is not
    proposed again. `search_id` is null where a registration was checked by itself."""

    __tablename__ = "duplicates"
    __table_args__ = (
        Index("duplicates_pair", "first_id", "second_id", unique=True),
        Index("duplicates_second", "second_id"),
        Index("duplicates_strength", "status", "weight", "id"),
    )

    id: UUID = Field(primary_key=True)
    version: int = 1
    first_id: UUID = Field(foreign_key="persons.id")
    second_id: UUID = Field(foreign_key="persons.id")
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    weights: list[float] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Float), nullable=False, server_default=text("'{}'")),
    )
    weight: float = Field(
        default=0, sa_column=Column(Float, nullable=False, server_default=text("0"))
    )
    model: str | None = None
    search_id: UUID | None = None
    status: str = Decision.OPEN
    merge_id: UUID | None = Field(default=None, foreign_key="person_merges.id")
    found_at: datetime = Field(sa_type=Timestamp)
    decided_at: datetime | None = Field(default=None, sa_type=Timestamp)
    decided_by: str | None = None


class DuplicateDecision(Row, table=True):
    """One decision about a pair; taking a merge back is another. None is ever changed."""

    __tablename__ = "duplicate_decisions"
    __table_args__ = (Index("duplicate_decisions_pair", "duplicate_id", "id"),)

    id: UUID = Field(primary_key=True)
    duplicate_id: UUID = Field(foreign_key="duplicates.id")
    decision: str
    weight: float
    model: str | None = None
    merge_id: UUID | None = Field(default=None, foreign_key="person_merges.id")
    reason_sealed: bytes | None = None
    decided_at: datetime = Field(sa_type=Timestamp)
    decided_by: str


class SearchStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What a running search does."""

    READING = "reading"
    LINKING = "linking"
    WRITING = "writing"


class DuplicateSearch(Row, table=True):
    """One search for duplicates among the records of a region (查重). `least_weight` is the review
    threshold it began with; `compared` of `total` records are read. Of the pairs, `found` are new
    in the queue, `known` were in it or decided, `lapsed` left it. `peak_mib` is of the process that
    linked, without Spark."""

    __tablename__ = "duplicate_searches"
    __table_args__ = (
        Index(
            "duplicate_searches_open",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    region: str
    status: str = SearchStatus.WAITING
    stage: str | None = None
    attempts: int = 0
    failure: str | None = None
    model: str
    least_weight: float
    total: int = 0
    compared: int = 0
    found: int = 0
    known: int = 0
    lapsed: int = 0
    peak_mib: int | None = None
    actor_sub: str
    actor_name: str
    actor_org: str
    purpose: str
    case_reference: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    started_at: datetime | None = Field(default=None, sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DuplicateThreshold(Row, table=True):
    """From which weight on a pair is queued (`review`) and called strong (`strong`), in a region
    and all below it. The latest row of the nearest region is in force; a person put it there."""

    __tablename__ = "duplicate_thresholds"
    __table_args__ = (Index("duplicate_thresholds_region", "region", "put_at"),)

    id: UUID = Field(primary_key=True)
    region: str
    model: str
    review: float
    strong: float
    decided_same: int
    decided_different: int
    reason: str
    put_at: datetime = Field(sa_type=Timestamp)
    put_by: str


class DuplicateCheck(Row, table=True):
    """How far new registrations have been checked: the last transaction in the feed of changes.
    One row."""

    __tablename__ = "duplicate_checks"

    id: int = Field(primary_key=True, sa_type=SmallInteger)
    transaction: int = Field(sa_type=BigInteger)
