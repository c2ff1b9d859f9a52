"""Commands and views of imports."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from services.registry.imports.models import ImportStatus
from shared.pages import Page


class ImportKind(StrEnum):
    ROSTER = "roster"  # 花名册


class RejectFormat(StrEnum):
    """How the refused lines are given out: as a page of reasons, or as a file with their cells."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class AcceptedImport(BaseModel):
    id: UUID
    status: ImportStatus


class FailureView(BaseModel):
    """Why the whole file was refused, or given up; `columns` are headers that are missing or
    misplaced."""

    code: str
    reason: str
    columns: list[str]


class ImportView(BaseModel):
    """How far an import has come. `unchanged` lines said what the register says already; `flagged`
    ones are among the accepted and should be looked at. `lines_per_second` and `estimated_end` are
    of the present run. A failed import may be tried again (`/retry`)."""

    id: UUID
    kind: ImportKind
    status: ImportStatus
    as_of: date
    lines_read: int
    accepted: int
    unchanged: int
    rejected: int
    flagged: int
    percent: int
    lines_per_second: int | None
    estimated_end: datetime | None
    failure: FailureView | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RejectView(BaseModel):
    """A refused line: its number in the file (the header is line 1), the column's header, a
    stable code, and the reason in the caller's language. Never what the line said. A line that was
    `entered` is only pointed out."""

    line: int
    entered: bool
    column: str | None
    code: str
    reason: str


RejectPage = Page[RejectView]
