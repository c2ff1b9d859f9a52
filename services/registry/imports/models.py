"""Tables of imports: the job, the file while it is needed, the refused lines."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Index, Text, text
from sqlmodel import Field

from services.registry.base import Row
from shared.columns import Timestamp

WORKER: Final = "import"


class ImportStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    REFUSED = "refused"  # the whole file
    FAILED = "failed"  # given up after several tries; may be tried again
    CANCELLED = "cancelled"


class Import(Row, table=True):
    """One uploaded file and how far it has come. `region` is the jurisdiction of whoever sent it,
    under which every line is written. `line` is the last line done, `position` of `total` how far
    the reader is: bytes of a CSV file, rows of a sheet; `resumed_…` where and when the present run
    began. `flagged` lines were entered and are pointed out. `attempts` failed since the last batch
    that was written, `error` is the class of the last error."""

    __tablename__ = "imports"
    __table_args__ = (
        Index(
            "imports_open",
            "created_at",
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    format: str
    region: str
    as_of: date
    status: str = ImportStatus.WAITING
    failure: str | None = None
    failure_columns: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False)
    )
    lines_read: int = 0
    accepted: int = 0
    unchanged: int = 0
    rejected: int = 0
    flagged: int = 0
    line: int = 0
    position: int = Field(default=0, sa_type=BigInteger)
    total: int = Field(default=0, sa_type=BigInteger)
    size: int = Field(default=0, sa_type=BigInteger)
    actor_sub: str
    actor_name: str
    actor_org: str
    purpose: str
    case_reference: str | None = None
    created_at: datetime = Field(sa_type=Timestamp)
    started_at: datetime | None = Field(default=None, sa_type=Timestamp)
    finished_at: datetime | None = Field(default=None, sa_type=Timestamp)
    resumed_at: datetime | None = Field(default=None, sa_type=Timestamp)
    resumed_lines: int = 0
    resumed_position: int = Field(default=0, sa_type=BigInteger)
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Timestamp)
    error: str | None = None


class ImportFile(Row, table=True):
    """A part of the uploaded file, sealed. Deleted as soon as the import is over."""

    __tablename__ = "import_files"

    import_id: UUID = Field(primary_key=True, foreign_key="imports.id")
    part: int = Field(primary_key=True)
    content_sealed: bytes


class ImportReject(Row, table=True):
    """A refused line: why, and its cells, sealed, for thirty days. One that was `entered` is only
    pointed out."""

    __tablename__ = "import_rejects"

    import_id: UUID = Field(primary_key=True, foreign_key="imports.id")
    line: int = Field(primary_key=True)
    column: str | None = None
    code: str
    cells_sealed: bytes | None = None
    entered: bool = False
