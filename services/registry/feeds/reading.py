"""A department's file as numbered lines of cells, read as a stream. Blocking: call it in a thread.

Only the columns that the profile maps are looked at; the others are passed over unread and their
headers are reported. CSV and JSON are read here, workbooks in workbooks.py.
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Final, NamedTuple

from services.registry.feeds.profile_rules import Mapping as Columns
from services.registry.feeds.profile_rules import Profile, map_columns
from services.registry.feeds.reasons import Failure, Fault, FileRefused, Reason

LINE_LIMIT: Final = 16 * 1024
_SAMPLE: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


class RawLine(NamedTuple):
    """A line that is not blank: its number in the file (a header is line 1, an item of a JSON
    array counts from 1), its cells by field, what is wrong with its form, and how far the reader
    is."""

    number: int
    cells: Mapping[str, str]
    fault: Fault | None
    position: int


@dataclass
class Source:
    """An opened file. `dropped` are the headers that were passed over; of a JSON file it is whole
    when the lines are read."""

    lines: Iterator[RawLine]
    total: int
    dropped: list[str] = field(default_factory=list)


def open_feed(file: IO[bytes], format: str, profile: Profile) -> Source:
    """Open a "csv", "xlsx" or "json" file. Raises FileRefused, JSON also while it is read."""
    if format == "xlsx":
        from services.registry.feeds.workbooks import open_workbook

        return open_workbook(file, profile)
    if format == "json":
        from services.registry.feeds.objects import open_objects

        return open_objects(file, profile)
    return _open_csv(file, profile)


def encoding_of(file: IO[bytes]) -> str:
    """UTF-8 or GB 18030: what most of the lines of the first megabyte that are not plain ASCII
    are. Raises FileRefused when none of them is either."""
    file.seek(0)
    sample = file.read(_SAMPLE).removeprefix(_BOM)
    lines = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    as_utf8 = sum(decoded(line, "utf-8") is not None for line in lines)
    as_gb = sum(decoded(line, "gb18030") is not None for line in lines)
    if lines and not as_utf8 and not as_gb:
        raise FileRefused(Failure.ENCODING, line=1)
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


def _open_csv(file: IO[bytes], profile: Profile) -> Source:
    encoding = encoding_of(file)
    total = file.seek(0, 2)
    file.seek(0)
    first = file.readline(LINE_LIMIT).removeprefix(_BOM)
    if not first.strip():
        raise FileRefused(Failure.EMPTY)
    text = decoded(first, encoding)
    if text is None:
        raise FileRefused(Failure.ENCODING, line=1)
    try:
        headers = next(csv.reader([text.rstrip("\r\n")], strict=True), [])
    except csv.Error:
        raise FileRefused(Failure.UNREADABLE, line=1) from None
    columns = map_columns(headers, profile)
    return Source(_csv_lines(file, encoding, columns, len(headers)), total, columns.dropped)


def _csv_lines(file: IO[bytes], encoding: str, columns: Columns, width: int) -> Iterator[RawLine]:
    """Physical line by physical line, so that line numbers are exact and a stray quotation mark
    spoils one line and not the rest of the file."""
    number, position = 1, file.tell()
    while raw := file.readline(LINE_LIMIT):
        number += 1
        position += len(raw)
        if len(raw) == LINE_LIMIT and not raw.endswith(b"\n"):
            position += _pass_over(file)
            yield RawLine(number, {}, Fault(Reason.LINE_TOO_LONG), position)
            continue
        text = decoded(raw, encoding)
        if text is None:
            yield RawLine(number, {}, Fault(Reason.ENCODING), position)
            continue
        try:
            cells = next(csv.reader([text.rstrip("\r\n")], strict=True), [])
        except csv.Error:
            yield RawLine(number, {}, Fault(Reason.QUOTING), position)
            continue
        if any(map(str.strip, cells)):
            yield _fitted(number, cells, columns, width, position)


def _pass_over(file: IO[bytes]) -> int:
    passed = 0
    while rest := file.readline(LINE_LIMIT):
        passed += len(rest)
        if rest.endswith(b"\n"):
            break
    return passed


def _fitted(number: int, cells: list[str], columns: Columns, width: int, position: int) -> RawLine:
    """Empty cells behind the last column do not count, and missing ones are empty."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        return RawLine(number, {}, Fault(Reason.COLUMN_COUNT), position)
    read = {column.field: cells[at] for at, column in columns.read.items()}
    return RawLine(number, read, None, position)
