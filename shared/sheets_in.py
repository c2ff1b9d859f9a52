"""Tables that people upload: CSV and workbooks as numbered lines of cells, read as a stream.
Blocking: call it in a thread.

What the columns mean is the caller's. CSV is read here, physical line by physical line, so that
line numbers are exact and a stray quotation mark spoils one line and not the rest of the file;
workbooks are read in shared/workbooks_in.py.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import IO, Final, NamedTuple

from shared.problems import Text, UnsupportedFile

LINE_LIMIT: Final = 16 * 1024
UNPACKED_LIMIT: Final = 256 * 1024 * 1024  # bytes; a hundred thousand lines take about fifty
_SAMPLE: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_ZIP: Final = b"PK\x03\x04"
_COMPOUND: Final = b"\xd0\xcf\x11\xe0"  # old .xls, or a workbook with a password
_WRITTEN: Final = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日?)"
    r"(?:[ T]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
)
_COMPACT: Final = re.compile(r"[0-9]{8}")
_SERIAL: Final = re.compile(r"([0-9]{5})(?:\.[0-9]+)?")
_SERIAL_ZERO: Final = date(1899, 12, 30)  # the 1900 date system, its leap year that was none


class SheetFailure(StrEnum):
    """Why nothing of a file can be read. Codes never change their meaning."""

    EMPTY = "empty"
    ENCODING = "file-encoding"
    UNREADABLE = "unreadable"
    TOO_LARGE_INSIDE = "too-large-inside"
    MACROS = "macros"


SHEET_FAILURE_TEXT: Final[dict[SheetFailure, Text]] = {
    SheetFailure.EMPTY: Text("文件中没有数据", "The file holds no line"),
    SheetFailure.ENCODING: Text(
        "文件不是 UTF-8 或 GB18030 编码", "The file is neither UTF-8 nor GB 18030"
    ),
    SheetFailure.UNREADABLE: Text(
        "无法打开:文件损坏或有密码", "The file does not open: damaged, or with a password"
    ),
    SheetFailure.TOO_LARGE_INSIDE: Text(
        "表格解压后过大", "The workbook is too large when unpacked"
    ),
    SheetFailure.MACROS: Text(
        "表格含有宏:请另存为不含宏的 .xlsx", "The workbook has macros: save it as .xlsx without"
    ),
}


class LineFault(StrEnum):
    """What is wrong with the form of a line, or with how a cell is stored."""

    COLUMN_COUNT = "column-count"
    ENCODING = "encoding"
    LINE_TOO_LONG = "line-too-long"
    QUOTING = "quoting"
    CELL_TYPE = "cell-type"
    NUMERIC_ID = "numeric-id"
    FORMULA = "formula"


LINE_FAULT_TEXT: Final[dict[LineFault, Text]] = {
    LineFault.COLUMN_COUNT: Text(
        "列数与表头不符", "The line has not as many columns as the header"
    ),
    LineFault.ENCODING: Text(
        "本行有无法识别的字节,请以 UTF-8 或 GB18030 重新保存",
        "The line holds bytes that are not text; save the file as UTF-8 or GB 18030",
    ),
    LineFault.LINE_TOO_LONG: Text("本行过长", "The line is too long"),
    LineFault.QUOTING: Text("引号不配对", "A quotation mark is not closed on its line"),
    LineFault.CELL_TYPE: Text("单元格应为文本", "The cell should be text"),
    LineFault.NUMERIC_ID: Text(
        "号码是数字格式,末几位可能已丢失:请设为文本后重新录入",
        "The number is stored as a numeral and may have lost its last digits: enter it again as"
        " text",
    ),
    LineFault.FORMULA: Text(
        "单元格是公式,系统不运行公式:请粘贴为数值",
        "The cell is a formula, and none is run here: paste its value",
    ),
}


class SheetRefused(Exception):
    """Nothing of the file can be used; `line` is where the trouble is, if it is in one place."""

    def __init__(self, failure: SheetFailure, line: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.line = line


class CellKind(StrEnum):
    """How a workbook stores a cell that is not plain text."""

    NUMBER = "number"
    FORMULA = "formula"
    ODD = "odd"  # a truth value, an error


class SheetLine(NamedTuple):
    """A line that is not blank: its number in the file (the header is line 1), its cells, one for
    each header unless they are too few or too many, which of them are no plain text, what is wrong
    with its form, and how far the reader is."""

    number: int
    cells: list[str]
    kinds: Mapping[int, CellKind]
    fault: LineFault | None
    position: int


@dataclass(frozen=True)
class Sheet:
    """An opened file: its headers, its lines, and what `position` counts up to."""

    headers: list[str]
    lines: Iterator[SheetLine]
    total: int


def format_of(first: bytes) -> str:
    """ "csv" or "xlsx", by the first bytes of an upload. Raises UnsupportedFile for what is empty,
    an old workbook, or one with a password."""
    if not first:
        raise UnsupportedFile(Text("文件为空", "The file is empty"))
    if first.startswith(_COMPOUND):
        raise UnsupportedFile(
            Text("请另存为无密码的 .xlsx 或 .csv", "Save it as .xlsx without a password, or .csv")
        )
    return "xlsx" if first.startswith(_ZIP) else "csv"


def open_sheet(
    file: IO[bytes],
    format: str,
    *,
    line: int = 0,
    position: int = 0,
    unpacked: int = UNPACKED_LIMIT,
) -> Sheet:
    """Open a "csv" or "xlsx" file, to read on after line number `line`, where the reader was at
    `position`. Raises SheetRefused, a workbook also while it is read; one that takes more than
    `unpacked` bytes without its compression before anything of it is."""
    if format == "xlsx":
        from shared.workbooks_in import open_workbook

        return open_workbook(file, line, unpacked)
    return _open_csv(file, line, position)


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8 or GB 18030: what most of the lines of the first megabyte that are not plain ASCII
    are. Raises SheetRefused when none of them is either."""
    file.seek(0)
    sample = file.read(_SAMPLE).removeprefix(_BOM)
    lines = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    as_utf8 = sum(decoded(line, "utf-8") is not None for line in lines)
    as_gb = sum(decoded(line, "gb18030") is not None for line in lines)
    if lines and not as_utf8 and not as_gb:
        raise SheetRefused(SheetFailure.ENCODING, line=1)
    return "utf-8" if as_utf8 >= as_gb else "gb18030"


def decoded(line: bytes, encoding: str) -> str | None:
    """A line as text, None where its bytes are of another encoding. Chinese in UTF-8 often makes
    some sense as GB 18030, and comes out as other characters: it is told by being UTF-8."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding == "gb18030" and not line.isascii():
        with suppress(UnicodeDecodeError):
            if any(each >= "\u3000" for each in line.decode("utf-8")):
                return None
    return text


def _open_csv(file: IO[bytes], line: int, position: int) -> Sheet:
    encoding = encoding_of(file)
    total = file.seek(0, 2)
    file.seek(0)
    first = file.readline(LINE_LIMIT).removeprefix(_BOM)
    if not first.strip():
        raise SheetRefused(SheetFailure.EMPTY)
    text = decoded(first, encoding)
    if text is None:
        raise SheetRefused(SheetFailure.ENCODING, line=1)
    try:
        headers = _split(text.rstrip("\r\n"))
    except csv.Error:
        raise SheetRefused(SheetFailure.UNREADABLE, line=1) from None
    while headers and not headers[-1].strip():
        headers.pop()
    if line:
        file.seek(position)
    return Sheet(headers, _csv_lines(file, encoding, len(headers), max(line, 1)), total)


def _split(text: str) -> list[str]:
    if '"' not in text and "\r" not in text:  # most lines: several times faster
        return text.split(",")
    return next(csv.reader([text], strict=True), [])


def _csv_lines(file: IO[bytes], encoding: str, width: int, number: int) -> Iterator[SheetLine]:
    position = file.tell()
    while raw := file.readline(LINE_LIMIT):
        number += 1
        position += len(raw)
        if len(raw) == LINE_LIMIT and not raw.endswith(b"\n"):
            position += _pass_over(file)
            yield SheetLine(number, [], {}, LineFault.LINE_TOO_LONG, position)
            continue
        text = decoded(raw, encoding)
        if text is None:
            yield SheetLine(number, [], {}, LineFault.ENCODING, position)
            continue
        try:
            cells = _split(text.rstrip("\r\n"))
        except csv.Error:
            yield SheetLine(number, [], {}, LineFault.QUOTING, position)
            continue
        if any(map(str.strip, cells)):
            yield _fitted(number, cells, width, position)


def _pass_over(file: IO[bytes]) -> int:
    passed = 0
    while rest := file.readline(LINE_LIMIT):
        passed += len(rest)
        if rest.endswith(b"\n"):
            break
    return passed


def _fitted(number: int, cells: list[str], width: int, position: int) -> SheetLine:
    """Empty cells behind the last column do not count."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    fault = None if len(cells) == width else LineFault.COLUMN_COUNT
    return SheetLine(number, cells, {}, fault, position)


# ---- what people type ---------------------------------------------------------------------------


def spelling(header: str) -> str:
    """A header as it is compared: full-width, spaces, brackets' kind and case do not matter."""
    return "".join(unicodedata.normalize("NFKC", header).split()).lower()


def tidy(text: str) -> str:
    """Without spaces around it, and without the apostrophe that keeps a spreadsheet from running
    a cell."""
    text = text.strip().strip("\u3000\ufeff")
    return text[1:].strip() if text[:1] == "'" else text


@lru_cache(maxsize=20_000)
def written_day(text: str) -> date | None:
    """The day that 20240131, 2024-1-31, 2024/1/31, 2024年1月31日 or a spreadsheet's serial number
    says; None when it says none."""
    text = unicodedata.normalize("NFKC", text)
    try:
        if match := _WRITTEN.fullmatch(text):
            year, _, month, day, month_zh, day_zh = match.groups()
            return date(int(year), int(month or month_zh), int(day or day_zh))
        if _COMPACT.fullmatch(text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        if match := _SERIAL.fullmatch(text):
            return _SERIAL_ZERO + timedelta(days=int(match[1]))
    except ValueError:
        return None
    return None
