"""The tables of filings, in each service that takes them; only shared/filings reads and writes
them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

WORKER: Final = "filing"


class FilingStatus(StrEnum):
    WAITING = "waiting"  # 待处理
    RUNNING = "running"  # 处理中
    FINISHED = "finished"  # 已完成
    REFUSED = "refused"  # 整表拒收
    FAILED = "failed"  # given up after several tries; may be tried again
    CANCELLED = "cancelled"  # 已取消


class LineResult(StrEnum):
    """What became of a line."""

    ACCEPTED = "accepted"  # 已受理
    ALREADY = "already"  # 此前已办
    REFUSED = "refused"  # 退回


@dataclass(frozen=True, slots=True)
class Filing:
    """One spreadsheet and how far it has come. `region` is the jurisdiction of whoever sent it,
    `scopes` what it was allowed: every line is filed under both. `filer` sees it, nobody else.
    `line` is the last line done, `total` how many there are once the file was looked through."""

    id: UUID
    kind: str
    format: str
    region: str
    filer: str
    dry_run: bool
    status: str
    failure: str | None
    failure_columns: list[str]
    ignored: list[str]
    content_index: bytes
    size: int
    total: int | None
    line: int
    accepted: int
    already: int
    refused: int
    actor_sub: str
    actor_name: str
    actor_org: str
    scopes: list[str]
    purpose: str
    case_reference: str | None
    created_at: datetime
    started_at: datetime | None
    worked_at: datetime | None
    finished_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    error: str | None

    @property
    def open(self) -> bool:
        return self.status in (FilingStatus.WAITING, FilingStatus.RUNNING)


def add_filing_tables(metadata: MetaData) -> None:
    """Declare the tables in a service's metadata. `filing_parts` hold the file, sealed, while it
    is needed; `filing_lines` what became of each line, and the sealed cells of a refused one."""
    timestamp = DateTime(timezone=True)
    Table(
        "filings",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", String, nullable=False),
        Column("format", String, nullable=False),
        Column("region", String, nullable=False),
        Column("filer", String, nullable=False),
        Column("dry_run", Boolean, nullable=False),
        Column("status", String, nullable=False, server_default="waiting"),
        Column("failure", String),
        Column("failure_columns", ARRAY(Text), nullable=False, server_default="{}"),
        Column("ignored", ARRAY(Text), nullable=False, server_default="{}"),
        Column("content_index", LargeBinary, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("total", Integer),
        Column("line", Integer, nullable=False, server_default="0"),
        Column("accepted", Integer, nullable=False, server_default="0"),
        Column("already", Integer, nullable=False, server_default="0"),
        Column("refused", Integer, nullable=False, server_default="0"),
        Column("actor_sub", String, nullable=False),
        Column("actor_name", String, nullable=False),
        Column("actor_org", String, nullable=False),
        Column("scopes", ARRAY(Text), nullable=False),
        Column("purpose", String, nullable=False),
        Column("case_reference", String),
        Column("created_at", timestamp, nullable=False),
        Column("started_at", timestamp),
        Column("worked_at", timestamp),
        Column("finished_at", timestamp),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("next_attempt_at", timestamp),
        Column("error", String),
        Index("filings_filer", "filer", "id"),
        Index(
            "filings_open",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
        Index(
            "filings_once",
            "filer",
            "kind",
            "content_index",
            unique=True,
            postgresql_where=text("NOT dry_run AND status IN ('waiting', 'running', 'finished')"),
        ),
    )
    Table(
        "filing_parts",
        metadata,
        Column("filing_id", Uuid, ForeignKey("filings.id"), primary_key=True),
        Column("part", Integer, primary_key=True),
        Column("content_sealed", LargeBinary, nullable=False),
    )
    Table(
        "filing_lines",
        metadata,
        Column("filing_id", Uuid, ForeignKey("filings.id"), primary_key=True),
        Column("line", Integer, primary_key=True),
        Column("outcome", String, nullable=False),
        Column("record_id", Uuid),
        Column("reasons", JSONB, nullable=False),
        Column("cells_sealed", LargeBinary),
    )
