"""Tables as files: CSV, and workbooks written as a stream.

A workbook is a ZIP archive of XML (ECMA-376). Written here cell by cell it needs no temporary file
and no more memory for a million rows than for ten. Every cell is text: nothing is ever a formula.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

CSV_MEDIA: Final = "text/csv; charset=utf-8"
XLSX_MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS: Final = 1_048_576  # of a workbook's sheet, its header among them
BOM: Final = "\ufeff".encode()  # tells a spreadsheet that a CSV file is UTF-8

_EXECUTABLE: Final = tuple("=+-@\t\r")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_COMPRESSION: Final = 3  # of 9: half the time of the usual 6, a tenth more bytes
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PARTS: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CONTENT: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def safe(cell: str) -> str:
    """A cell of a CSV file; an apostrophe keeps a spreadsheet from running what somebody typed."""
    return "'" + cell if cell.startswith(_EXECUTABLE) else cell


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as lines of a CSV file, UTF-8; put BOM before the first."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    return text.getvalue().encode(errors="replace")


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A whole workbook, where it is small."""
    book = Workbook(title, headers)
    return book.add(rows) + book.end()


class Workbook:
    """A workbook being written. What does not fit into one sheet goes on in the next, each with the
    headers; sheets are called title, title 2, …"""

    def __init__(self, title: str, headers: Sequence[str], *, sheet_rows: int = SHEET_ROWS) -> None:
        self._title = title
        self._headers = headers
        self._sheet_rows = sheet_rows
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(
            self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION
        )
        self._sheets = 0
        self._open_sheet()

    def add(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Write rows; returns what of the file is ready."""
        for row in rows:
            if self._used == self._sheet_rows:
                self._close_sheet()
                self._open_sheet()
            self._write(row)
        return self._sink.take()

    def end(self) -> bytes:
        """The rest of the file."""
        self._close_sheet()
        for name, content in _frame(self._title, self._sheets):
            self._archive.writestr(name, _XML + content)
        self._archive.close()
        return self._sink.take()

    def _write(self, row: Sequence[str]) -> None:
        self._sheet.write(_row(row).encode())
        self._used += 1

    def _open_sheet(self) -> None:
        self._sheets += 1
        self._used = 0
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._sheet.write(_sheet_start(len(self._headers)))
        self._write(self._headers)

    def _close_sheet(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()


class _Sink(io.RawIOBase):
    """Where the archive is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> bytes:
        content = b"".join(self._pieces)
        self._pieces.clear()
        return content


def _row(cells: Sequence[str]) -> str:
    inside = "".join(
        '<c s="1" t="inlineStr"><is><t xml:space="preserve">'
        f"{escape(_FORBIDDEN.sub('', cell))}</t></is></c>"
        if cell
        else '<c s="1"/>'
        for cell in cells
    )
    return f"<row>{inside}</row>"


def _sheet_start(width: int) -> bytes:
    columns = f'<cols><col min="1" max="{width}" width="16" style="1" customWidth="1"/></cols>'
    return f'{_XML}<worksheet xmlns="{_MAIN}">{columns}<sheetData>'.encode()


def _frame(title: str, sheets: int) -> Iterator[tuple[str, str]]:
    """The archive's other members: what there is, how it hangs together, that cells are text."""
    numbers = range(1, sheets + 1)
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_CONTENT}.worksheet+xml"/>'
        for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PARTS}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_CONTENT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_CONTENT}.styles+xml"/>{kinds}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_PARTS}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    names = "".join(
        f'<sheet name="{escape(title if n == 1 else f"{title} {n}", {chr(34): "&quot;"})}"'
        f' sheetId="{n}" r:id="rId{n}"/>'
        for n in numbers
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
    )
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{_PARTS}/relationships">{targets}<Relationship'
        f' Id="rId{sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    )
    yield (  # two formats: general, and text (49 is "@")
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/>'
        '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
        '</cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>",
    )
