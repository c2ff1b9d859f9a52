"""Commands and views of exports."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.exports.models import ExportStatus
from services.registry.exports.rules import What
from shared.codes import RegionCode
from shared.commands import Command


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class StartExport(Command):
    """Draw up a file (导出). `columns` are those the purpose allows when left out."""

    what: What
    region: RegionCode
    format: ExportFormat = ExportFormat.CSV
    columns: Annotated[list[str], Field(min_length=1, max_length=40)] | None = None


class ExportView(BaseModel):
    """How far an export has come; it can be fetched from `finished_at` to `kept_until`."""

    id: UUID
    what: What
    format: ExportFormat
    region: str
    columns: list[str]
    status: ExportStatus
    rows: int
    total: int
    percent: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    kept_until: datetime | None
