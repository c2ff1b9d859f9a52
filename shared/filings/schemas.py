"""Views of filings."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from shared.filings.tables import FilingStatus, LineResult


class SheetFormat(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


class AcceptedFiling(BaseModel):
    """A sheet was taken in. `already_filed` says that the same file had been filed before: this
    is that filing, and nothing was filed anew."""

    id: UUID
    status: FilingStatus
    already_filed: bool = False


class FilingFailureView(BaseModel):
    """Why the whole file was refused, or given up; `columns` are headers missing or repeated."""

    code: str
    reason: str
    columns: list[str]


class FilingView(BaseModel):
    """How far a filing has come. `total` is null until the file was looked through; `done` lines
    are those accepted, there `already` and refused; `ignored_columns` are headers that are not
    read. Of a `dry_run` nothing is filed: the figures say what would be."""

    id: UUID
    kind: str
    status: FilingStatus
    dry_run: bool
    total: int | None
    done: int
    accepted: int
    already: int
    refused: int
    ignored_columns: list[str]
    failure: FilingFailureView | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ReasonView(BaseModel):
    """What is wrong with a line: a stable code, the header of the column at fault, and why. Never
    what the line said."""

    code: str
    column: str | None
    zh: str
    en: str


class FilingLineView(BaseModel):
    """The receipt of a line: its number in the file (the header is line 1), what became of it, the
    id of the record it made, and why it was refused."""

    line: int
    outcome: LineResult
    record_id: UUID | None
    reasons: list[ReasonView]
