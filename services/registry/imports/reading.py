"""A roster file as numbered lines of cells, read as a stream. Blocking: call it in a thread.

CSV is split physical line by physical line, so that line numbers are exact and a stray quotation
mark spoils one line and not the rest of the file. A workbook's first sheet is read by its stored
values: formulas and macros are never run.
"""

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache, partial
from typing import IO, Final, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, ZipError

from services.registry.imports.reasons import Failure, Reason
from services.registry.imports.rules import (
    HEADERS,
    ID_COLUMN,
    REPORT_HEADERS,
    SINCE_NAMES,
    Fault,
    header_at,
)

XLSX_UNPACKED_LIMIT: Final = 1024 * 1024 * 1024
# A sheet is laid out as a table up to its furthest cell: so many places it may have for each cell
# that it holds, beside those of a small sheet. Two cells a million lines apart could otherwise ask
# for more memory than there is.
_PLACES_A_CELL: Final = 20
_SMALL_SHEET: Final = 1_000_000
_CELL: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,10})["']""")
_LINE_LIMIT: Final = 16 * 1024
_PIECE: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_ENCODINGS: Final = ("utf-8", "gb18030")


class FileRefused(Exception):
    """Nothing of the file can be read; `columns` are headers that are missing."""

    def __init__(self, failure: Failure, columns: Sequence[str] = ()) -> None:
        super().__init__(failure, list(columns))  # as it is made again behind a process's border
        self.failure = failure
        self.columns = list(columns)


class RawLine(NamedTuple):
    """A line that is not blank: its number in the file (the header is 1), its cells, what is
    wrong with its form, and where the reader stands after it."""

    number: int
    cells: list[str]
    fault: Fault | None
    position: int


class Source(NamedTuple):
    """An opened file: its lines after those done before, and what `position` counts up to."""

    lines: Iterator[RawLine]
    total: int


def open_roster(file: IO[bytes], kind: str, *, line: int = 0, position: int = 0) -> Source:
    """Open a "csv" or "xlsx" after line number `line`, where the reader stood at `position`.
    Raises FileRefused."""
    return _open_xlsx(file, line) if kind == "xlsx" else _open_csv(file, line, position)


# ---- CSV ----------------------------------------------------------------------------------------


def _open_csv(file: IO[bytes], line: int, position: int) -> Source:
    total = file.seek(0, 2)
    file.seek(0)
    first = file.readline(_LINE_LIMIT).removeprefix(_BOM)
    if not first.strip():
        raise FileRefused(Failure.EMPTY)
    encoding, form = _header_of(first)
    if line:
        file.seek(position)
    return Source(_csv_lines(file, encoding, form, max(line, 1)), total)


def _header_of(first: bytes) -> tuple[str, "Form"]:
    """Encoding and form of the file, by the encoding in which its header makes sense."""
    readings = {}
    for encoding in _ENCODINGS:
        try:
            readings[encoding] = next(csv.reader([first.decode(encoding)]), [])
        except UnicodeDecodeError:
            continue
    if not readings:
        raise FileRefused(Failure.ENCODING)
    for encoding, headers in readings.items():
        if not _missing(headers):
            return encoding, check_headers(headers)
    raise FileRefused(Failure.HEADERS, min(map(_missing, readings.values()), key=len))


def _missing(headers: Sequence[str]) -> list[str]:
    present = {header.strip() for header in headers}
    return [header for header in HEADERS if header not in present]


class Form(NamedTuple):
    """How wide the lines are, and how many of their columns are ours."""

    width: int
    ours: int


def check_headers(headers: Sequence[str]) -> Form:
    """The form of a file by its header: our columns, perhaps the day a residence began, perhaps
    the columns of a reject report. Raises FileRefused, naming the columns that are missing or
    stand in the wrong place."""
    found = [header.strip() for header in headers]
    while found and not found[-1]:
        found.pop()
    if missing := _missing(found):
        raise FileRefused(Failure.HEADERS, missing)
    ours = len(HEADERS) + (len(found) > len(HEADERS) and found[len(HEADERS)] in SINCE_NAMES)
    if tuple(found[: len(HEADERS)]) != HEADERS or found[ours:] not in ([], list(REPORT_HEADERS)):
        wrong = [ours for ours, theirs in zip(HEADERS, found, strict=False) if ours != theirs]
        raise FileRefused(Failure.HEADERS, wrong)
    return Form(len(found), ours)


def _csv_lines(file: IO[bytes], encoding: str, form: Form, number: int) -> Iterator[RawLine]:
    position = file.tell()
    while raw := file.readline(_LINE_LIMIT):
        number += 1
        position += len(raw)
        if len(raw) == _LINE_LIMIT and not raw.endswith(b"\n"):
            while rest := file.readline(_LINE_LIMIT):
                position += len(rest)
                if rest.endswith(b"\n"):
                    break
            yield RawLine(number, [], Fault(Reason.LINE_TOO_LONG), position)
            continue
        try:
            text = raw.decode(encoding).rstrip("\r\n")
            cells = _split(text)
        except UnicodeDecodeError:
            yield RawLine(number, [], Fault(Reason.ENCODING), position)
            continue
        except csv.Error:
            yield RawLine(number, [], Fault(Reason.QUOTING), position)
            continue
        if text.strip(", \t\u3000"):
            yield _fitted(number, cells, form, position)


def _split(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    return next(csv.reader([text], strict=True))


def _fitted(number: int, cells: list[str], form: Form, position: int) -> RawLine:
    """Cut the report's columns off; empty cells behind the last column do not count."""
    while len(cells) > form.width and not cells[-1].strip():
        cells.pop()
    fault = None if len(cells) == form.width else Fault(Reason.COLUMN_COUNT)
    return RawLine(number, cells[: form.ours], fault, position)


# ---- workbooks ----------------------------------------------------------------------------------


def _open_xlsx(file: IO[bytes], line: int) -> Source:
    _check_archive(file)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        if not book.sheet_names:
            raise FileRefused(Failure.EMPTY)
        sheet = book.get_sheet_by_index(0)
    except (CalamineError, PasswordError, ZipError, OSError, ValueError) as error:
        raise FileRefused(Failure.UNREADABLE) from error
    if sheet.start is None or sheet.end is None:
        raise FileRefused(Failure.EMPTY)
    rows = sheet.iter_rows()
    margin = [""] * sheet.start[1]  # empty columns on the left are left out of the rows
    form = check_headers(margin + [_text(cell) or "" for cell in next(rows)])
    return Source(_xlsx_lines(rows, margin, form, line), sheet.end[0] + 1)


def _check_archive(file: IO[bytes]) -> None:
    """Refuse an archive that unpacks to more than the limit, by what it declares first, and then
    by unpacking it piece by piece, for a declaration can lie."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > XLSX_UNPACKED_LIMIT:
                raise FileRefused(Failure.TOO_LARGE_INSIDE)
            for member in members:
                with archive.open(member) as content:
                    pieces = iter(partial(content.read, _PIECE), b"")
                    if _too_sparse(pieces, xml=member.filename.endswith((".xml", ".rels"))):
                        raise FileRefused(Failure.TOO_LARGE_INSIDE)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError, NotImplementedError) as error:
        raise FileRefused(Failure.UNREADABLE) from error


def _too_sparse(pieces: Iterator[bytes], *, xml: bool) -> bool:
    """Whether the cells of a part lie so far apart that a table of them would be mostly empty.
    Raises ValueError for XML in an encoding in which they could not be seen."""
    cells = rows = columns = 0
    before = b""
    for piece in pieces:
        if xml and b"\x00" in piece:
            raise ValueError("not UTF-8")
        for letters, digits in _CELL.findall(before + piece):
            cells += 1
            rows = max(rows, int(digits))
            columns = max(columns, _column(letters.upper()))
        before = piece[-32:]
    return rows * columns > _SMALL_SHEET + _PLACES_A_CELL * cells


@cache
def _column(letters: bytes) -> int:
    """A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _xlsx_lines(
    rows: Iterator[Sequence[object]], margin: list[str], form: Form, done: int
) -> Iterator[RawLine]:
    for number, row in enumerate(rows, start=2):
        if number <= done:
            continue
        fault = None
        cells = list(margin)
        for at, value in enumerate(row, start=len(margin)):
            text = value if isinstance(value, str) else _text(value)
            if text is None:
                fault = fault or Fault(Reason.CELL_TYPE, header_at(at))
            elif at == ID_COLUMN and not isinstance(value, str):
                fault = fault or Fault(Reason.NUMERIC_ID, header_at(at))
            cells.append(text or "")
        cells += [""] * (form.width - len(cells))
        if any(map(str.strip, cells)):
            fitted = _fitted(number, cells, form, number)
            yield fitted._replace(fault=fault) if fault else fitted


def _text(value: object) -> str | None:
    """A cell as the text a person sees in it; None for truth values, times and errors."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return None
