"""A department's file as numbered lines of cells, read as a stream. Blocking: call it in a thread.

Only the columns that the profile maps are looked at; the others are passed over unread and their
headers are reported. CSV and workbooks are read by shared/sheets_in.py, JSON by objects.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Final, NamedTuple

from services.registry.feeds.meanings import FieldType
from services.registry.feeds.profile_rules import Mapping as Columns
from services.registry.feeds.profile_rules import Profile, map_columns
from services.registry.feeds.reasons import Failure, Fault, FileRefused, Reason
from shared.sheets_in import CellKind, Sheet, SheetLine, SheetRefused, open_sheet


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
    """Open a "csv", "xlsx" or "json" file. Raises FileRefused, the last two also while they are
    read."""
    if format == "json":
        from services.registry.feeds.objects import open_objects

        return open_objects(file, profile)
    with refusing():
        sheet = open_sheet(file, format)
    columns = map_columns(sheet.headers, profile)
    return Source(_lines(sheet, columns), sheet.total, columns.dropped)


@contextmanager
def refusing() -> Iterator[None]:
    """What cannot be read is refused in a feed's own words."""
    try:
        yield
    except SheetRefused as refused:
        raise FileRefused(Failure(refused.failure.value), line=refused.line) from refused


def _lines(sheet: Sheet, columns: Columns) -> Iterator[RawLine]:
    with refusing():
        for line in sheet.lines:
            if line.fault is not None:
                fault = Fault(Reason(line.fault.value))
                yield RawLine(line.number, {}, fault, line.position)
                continue
            read = {column.field: line.cells[at] for at, column in columns.read.items()}
            if any(map(str.strip, read.values())):
                yield RawLine(line.number, read, _fault_of(line, columns), line.position)


_REASONS: Final = {
    CellKind.FORMULA: Reason.FORMULA,
    CellKind.ODD: Reason.CELL_TYPE,
    CellKind.NUMBER: Reason.NUMERIC_ID,
}


def _fault_of(line: SheetLine, columns: Columns) -> Fault | None:
    for at in sorted(line.kinds):
        column = columns.read.get(at)
        if column is None:
            continue
        reason = _REASONS[line.kinds[at]]
        if reason is not Reason.NUMERIC_ID or column.type is FieldType.ID_NUMBER:
            return Fault(reason, column.field)
    return None
