"""Tables of exports: the job, and the rows it gathered, sealed."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Index, Text, text
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp

WORKER: Final = "export"


class ExportStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"  # finished, and its file was deleted after its time


class Export(Row, table=True):
    """What somebody asked for and how far it has come. `after` is the key of the last row
    gathered, `jurisdiction` the region of whoever asked, under which every row is read."""

    __tablename__ = "exports"
    __table_args__ = (
        Index(
            "exports_open",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    what: str
    format: str
    region: str
    columns: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = ExportStatus.WAITING
    rows: int = 0
    total: int = 0
    parts: int = 0
    size: int = Field(default=0, sa_type=BigInteger)
    after: UUID | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Timestamp)
    error: str | None = None
    jurisdiction: str
    actor_sub: str
    actor_name: str
    actor_org: str
    purpose: str
    case_reference: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    started_at: datetime | None = Field(default=None, sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)
    kept_until: datetime | None = Field(default=None, sa_type=Timestamp)


class ExportPart(Row, table=True):
    """A page of rows as a JSON list of lists of cells, sealed."""

    __tablename__ = "export_parts"

    export_id: UUID = Field(primary_key=True, foreign_key="exports.id")
    part: int = Field(primary_key=True)
    content_sealed: bytes
