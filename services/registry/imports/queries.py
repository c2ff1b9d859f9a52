"""Reading imports: progress, reasons, and the refused lines as a file to mend."""

import asyncio
import json
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.registry.imports.checking import reject_place
from services.registry.imports.models import Import, ImportReject, ImportStatus
from services.registry.imports.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Reason
from services.registry.imports.rules import HEADERS, REPORT_HEADERS, SINCE, pace
from services.registry.imports.schemas import (
    FailureView,
    ImportKind,
    ImportView,
    RejectFormat,
    RejectPage,
    RejectView,
)
from shared.crypto import Vault
from shared.db import Tx
from shared.pages import decode_cursor, encode_cursor
from shared.problems import Forbidden, MalformedRequest, PurposeRequired, Text
from shared.sheets import BOM, CSV_MEDIA, XLSX_MEDIA, csv_lines, workbook

FILE_LINES = 20_000
_MEDIA = {RejectFormat.CSV: CSV_MEDIA, RejectFormat.XLSX: XLSX_MEDIA}


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
    running = job.status == ImportStatus.RUNNING
    speed = pace(
        job.lines_read - job.resumed_lines,
        job.position - job.resumed_position,
        job.total - job.position,
        job.resumed_at,
        tx.now if running else job.finished_at or tx.now,
    )
    return ImportView(
        id=job.id,
        kind=ImportKind(job.kind),
        status=ImportStatus(job.status),
        as_of=job.as_of,
        lines_read=job.lines_read,
        accepted=job.accepted,
        unchanged=job.unchanged,
        rejected=job.rejected,
        flagged=job.flagged,
        lines_per_second=speed.lines_per_second,
        estimated_end=speed.end if running else None,
        percent=job.position * 100 // job.total if job.total else 0,
        failure=failure,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


async def list_rejects(
    import_id: UUID, limit: int, cursor: str | None, language: str, tx: Tx
) -> RejectPage:
    """A page of lines refused or pointed out, without what they said. Raises NotFound."""
    rows, following = await _rejects(import_id, limit, cursor, True, tx)
    items = [
        RejectView(
            line=row.line,
            entered=row.entered,
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
    rows, following = await _rejects(import_id, FILE_LINES, cursor, False, tx)
    tx.saw(import_id, "import-rejects")
    content = await asyncio.to_thread(_file_of, rows, kind, tx.vault)
    return RejectFile(content, _MEDIA[kind], f"rejects.{kind.value}", following)


async def _rejects(
    import_id: UUID, limit: int, cursor: str | None, entered_too: bool, tx: Tx
) -> tuple[list[ImportReject], str | None]:
    await tx.require(Import, import_id)
    rows = await tx.find(
        ImportReject,
        "SELECT * FROM import_rejects WHERE import_id = $1 AND line > $2 AND (NOT entered OR $4)"
        " ORDER BY line LIMIT $3",
        import_id,
        _line_in(cursor) if cursor else 0,
        limit + 1,
        entered_too,
    )
    return rows[:limit], encode_cursor(rows[limit - 1].line) if len(rows) > limit else None


def _line_in(cursor: str) -> int:
    key = decode_cursor(cursor)
    if len(key) != 1 or not isinstance(key[0], int) or not 0 <= key[0] < 2**31:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key[0]


def _file_of(rows: Sequence[ImportReject], kind: RejectFormat, vault: Vault) -> bytes:
    headers = [*HEADERS, SINCE, *REPORT_HEADERS]
    lines = (_report_line(row, vault) for row in rows)
    if kind is RejectFormat.CSV:
        return BOM + csv_lines([headers, *lines])
    return workbook("拒收", headers, lines)


def _report_line(row: ImportReject, vault: Vault) -> list[str]:
    cells: list[str] = []
    if row.cells_sealed is not None:
        cells = json.loads(vault.open(row.cells_sealed, reject_place(row.import_id, row.line)))
    width = len(HEADERS) + 1
    cells = (cells + [""] * width)[:width]
    return [*cells, str(row.line), row.column or "", REASON_TEXT[Reason(row.code)].zh]
