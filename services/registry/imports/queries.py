"""Reading imports: progress, reasons, and the refused lines as a file to mend."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import xlsxwriter

from services.registry.imports.models import Import, ImportReject, ImportStatus
from services.registry.imports.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Reason
from services.registry.imports.rules import HEADERS, REPORT_HEADERS
from services.registry.imports.schemas import (
    FailureView,
    ImportKind,
    ImportView,
    RejectFormat,
    RejectPage,
    RejectView,
)
from services.registry.imports.writing import reject_place
from shared.crypto import Vault
from shared.db import Tx
from shared.pages import decode_cursor, encode_cursor
from shared.problems import Forbidden, MalformedRequest, PurposeRequired, Text

FILE_LINES = 20_000
_EXECUTABLE = tuple("=+-@")
_MEDIA = {
    RejectFormat.CSV: "text/csv; charset=utf-8",
    RejectFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class RejectFile(NamedTuple):
    """Refused lines as a file of at most FILE_LINES, and the cursor of the next such file."""

    content: bytes
    media_type: str
    name: str
    next: str | None


async def get_import(import_id: UUID, language: str, tx: Tx) -> ImportView:
    """Raises NotFound."""
    job = await tx.require(Import, import_id)
    failure = None
    if job.failure:
        said = FAILURE_TEXT[Failure(job.failure)].say(language)
        failure = FailureView(code=job.failure, reason=said, columns=job.failure_columns)
    return ImportView(
        id=job.id,
        kind=ImportKind(job.kind),
        status=ImportStatus(job.status),
        as_of=job.as_of,
        lines_read=job.lines_read,
        accepted=job.accepted,
        unchanged=job.unchanged,
        rejected=job.rejected,
        percent=job.position * 100 // job.total if job.total else 0,
        failure=failure,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


async def list_rejects(
    import_id: UUID, limit: int, cursor: str | None, language: str, tx: Tx
) -> RejectPage:
    """A page of refused lines, without what they said. Raises NotFound."""
    rows, following = await _rejects(import_id, limit, cursor, tx)
    items = [
        RejectView(
            line=row.line,
            column=row.column,
            code=row.code,
            reason=REASON_TEXT[Reason(row.code)].say(language),
        )
        for row in rows
    ]
    return RejectPage(items=items, next=following)


async def get_reject_file(
    import_id: UUID, kind: RejectFormat, cursor: str | None, tx: Tx
) -> RejectFile:
    """The refused lines as they were sent, with the reason in Chinese beside each: mended, the
    file can be imported as it is. Raises Forbidden without the scope to write, PurposeRequired,
    NotFound."""
    if "registry:write" not in tx.actor.scopes:
        raise Forbidden(Text("需要权限 registry:write", "Needs scope registry:write"))
    if tx.purpose is None:
        raise PurposeRequired()
    rows, following = await _rejects(import_id, FILE_LINES, cursor, tx)
    tx.saw(import_id, "import-rejects")
    content = await asyncio.to_thread(_file_of, rows, kind, tx.vault)
    return RejectFile(content, _MEDIA[kind], f"rejects.{kind.value}", following)


async def _rejects(
    import_id: UUID, limit: int, cursor: str | None, tx: Tx
) -> tuple[list[ImportReject], str | None]:
    await tx.require(Import, import_id)
    rows = await tx.find(
        ImportReject,
        "SELECT * FROM import_rejects WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3",
        import_id,
        _line_in(cursor) if cursor else 0,
        limit + 1,
    )
    return rows[:limit], encode_cursor(rows[limit - 1].line) if len(rows) > limit else None


def _line_in(cursor: str) -> int:
    key = decode_cursor(cursor)
    if len(key) != 1 or not isinstance(key[0], int) or not 0 <= key[0] < 2**31:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key[0]


def _file_of(rows: Sequence[ImportReject], kind: RejectFormat, vault: Vault) -> bytes:
    table = [[*HEADERS, *REPORT_HEADERS], *(_report_line(row, vault) for row in rows)]
    return _csv(table) if kind is RejectFormat.CSV else _xlsx(table)


def _report_line(row: ImportReject, vault: Vault) -> list[str]:
    cells: list[str] = []
    if row.cells_sealed is not None:
        cells = json.loads(vault.open(row.cells_sealed, reject_place(row.import_id, row.line)))
    cells = (cells + [""] * len(HEADERS))[: len(HEADERS)]
    return [*cells, str(row.line), row.column or "", REASON_TEXT[Reason(row.code)].zh]


def _csv(table: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in table:  # an apostrophe keeps a spreadsheet from running what somebody typed
        writer.writerow(["'" + cell if cell.startswith(_EXECUTABLE) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _xlsx(table: list[list[str]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("拒收")
        for at, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell, text)
    return content.getvalue()
