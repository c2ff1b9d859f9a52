"""Reading filings: progress, receipts line by line, and the refused lines as a sheet to mend.
Whoever filed sees them, and nobody else."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from shared.crypto import Vault
from shared.db import Tx
from shared.filings.kinds import AnyKind
from shared.filings.reasons import FAILURE_TEXT, FilingFailure
from shared.filings.rules import FILE_LINES, cells_place, filer_of
from shared.filings.schemas import (
    FilingFailureView,
    FilingLineView,
    FilingView,
    ReasonView,
    SheetFormat,
)
from shared.filings.tables import Filing, FilingStatus, LineResult
from shared.pages import Page, decode_cursor, encode_cursor, id_in
from shared.problems import MalformedRequest, NotFound, Text
from shared.sheets import BOM, CSV_MEDIA, XLSX_MEDIA, csv_lines, workbook

REPORT_HEADERS = ("行号 line", "退回原因", "Reason")
_MEDIA = {SheetFormat.CSV: CSV_MEDIA, SheetFormat.XLSX: XLSX_MEDIA}
_ONE = "SELECT * FROM filings WHERE id = $1"
_ONE_LOCKED = _ONE + " FOR UPDATE"
_LIST = """
SELECT * FROM filings WHERE filer = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""
_LINES = """
SELECT * FROM filing_lines WHERE filing_id = $1 AND line > $2
  AND ($3::text IS NULL OR outcome = $3)
ORDER BY line LIMIT $4
"""


class SheetFile(NamedTuple):
    """A sheet given out, and the cursor of the next where it did not fit."""

    content: bytes
    media_type: str
    name: str
    next: str | None


async def require_filing(filing_id: UUID, tx: Tx, *, lock: bool = False) -> Filing:
    """Raises NotFound, also for what somebody else filed."""
    row = await tx.fetch_row(_ONE_LOCKED if lock else _ONE, filing_id)
    if row is None or row["filer"] != filer_of(tx.actor):
        raise NotFound()
    return Filing(**row)


async def get_filing(filing_id: UUID, language: str, tx: Tx) -> FilingView:
    """Raises NotFound, also for what somebody else filed."""
    return _view_of(await require_filing(filing_id, tx), language)


async def list_filings(limit: int, cursor: str | None, language: str, tx: Tx) -> Page[FilingView]:
    """One's own filings, newest first."""
    rows = await tx.fetch(_LIST, filer_of(tx.actor), id_in(cursor), limit + 1)
    page = [Filing(**row) for row in rows[:limit]]
    return Page(
        items=[_view_of(filing, language) for filing in page],
        next=encode_cursor(str(page[-1].id)) if len(rows) > limit else None,
    )


def _view_of(filing: Filing, language: str) -> FilingView:
    failure = None
    if filing.failure is not None:
        said = FAILURE_TEXT[FilingFailure(filing.failure)].say(language)
        failure = FilingFailureView(
            code=filing.failure, reason=said, columns=filing.failure_columns
        )
    return FilingView(
        id=filing.id,
        kind=filing.kind,
        status=FilingStatus(filing.status),
        dry_run=filing.dry_run,
        total=filing.total,
        done=filing.accepted + filing.already + filing.refused,
        accepted=filing.accepted,
        already=filing.already,
        refused=filing.refused,
        ignored_columns=filing.ignored,
        failure=failure,
        created_at=filing.created_at,
        started_at=filing.started_at,
        finished_at=filing.finished_at,
    )


async def list_lines(
    filing_id: UUID, outcome: LineResult | None, limit: int, cursor: str | None, tx: Tx
) -> Page[FilingLineView]:
    """What became of each line, without what it said. Raises NotFound."""
    await require_filing(filing_id, tx)
    rows, following = await _lines(filing_id, outcome, limit, cursor, tx)
    items = [
        FilingLineView(
            line=row["line"],
            outcome=row["outcome"],
            record_id=row["record_id"],
            reasons=[ReasonView(**reason) for reason in row["reasons"]],
        )
        for row in rows
    ]
    return Page(items=items, next=following)


async def get_rejects(
    filing_id: UUID,
    kinds: Mapping[str, AnyKind],
    format: SheetFormat,
    cursor: str | None,
    tx: Tx,
) -> SheetFile:
    """The refused lines as they were sent, with the reason beside each in Chinese and English, at
    most FILE_LINES of them. Mended, the sheet can be filed as it is. Raises NotFound."""
    filing = await require_filing(filing_id, tx)
    kind = kinds[filing.kind]
    rows, following = await _lines(filing.id, LineResult.REFUSED, FILE_LINES, cursor, tx)
    tx.saw(filing.id, "filing-rejects")
    return await asyncio.to_thread(
        _sheet,
        f"{kind.code}-rejects",
        [*kind.headings(), *REPORT_HEADERS],
        (_report_line(row, kind, tx.vault) for row in rows),
        format,
        following,
    )


def empty_sheet(kind: AnyKind, format: SheetFormat) -> SheetFile:
    """A sheet to fill in: its headings, and a line that shows how, which is passed over when it
    is left standing."""
    headings = [column.name + ("*" if column.required else "") for column in kind.columns]
    return _sheet(kind.code, headings, [kind.example()], format, None)


def _sheet(
    name: str,
    headers: Sequence[str],
    lines: Iterable[Sequence[str]],
    format: SheetFormat,
    following: str | None,
) -> SheetFile:
    if format is SheetFormat.CSV:
        content = BOM + csv_lines([headers, *lines])
    else:
        content = workbook(name, headers, lines)
    return SheetFile(content, _MEDIA[format], f"{name}.{format.value}", following)


def _report_line(row: Any, kind: AnyKind, vault: Vault) -> list[str]:
    cells: list[str] = []
    if row["cells_sealed"] is not None:
        place = cells_place(row["filing_id"], row["line"])
        cells = json.loads(vault.open(row["cells_sealed"], place))
    width = len(kind.columns)
    told = [
        ";".join(
            f"{reason['column']}: {reason[language]}" if reason["column"] else reason[language]
            for reason in row["reasons"]
        )
        for language in ("zh", "en")
    ]
    return [*(cells + [""] * width)[:width], str(row["line"]), *told]


async def _lines(
    filing_id: UUID, outcome: LineResult | None, limit: int, cursor: str | None, tx: Tx
) -> tuple[list[Any], str | None]:
    rows = await tx.fetch(_LINES, filing_id, _line_in(cursor), outcome, limit + 1)
    return rows[:limit], encode_cursor(rows[limit - 1]["line"]) if len(rows) > limit else None


def _line_in(cursor: str | None) -> int:
    key = decode_cursor(cursor) if cursor else [0]
    if len(key) != 1 or not isinstance(key[0], int) or not 0 <= key[0] < 2**31:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key[0]
