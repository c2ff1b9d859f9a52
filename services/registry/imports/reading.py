"""A roster file as numbered lines of cells, read as a stream (shared/sheets_in.py). Blocking: call
it in a thread."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Final, NamedTuple

from services.registry.imports.reasons import Failure, Reason
from services.registry.imports.rules import (
    HEADERS,
    ID_COLUMN,
    REPORT_HEADERS,
    SINCE_NAMES,
    Fault,
    header_at,
)
from shared.sheets_in import CellKind, Sheet, SheetRefused, open_sheet

UNPACKED_LIMIT: Final = 1024 * 1024 * 1024  # bytes; a million lines take about half of it


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
    Raises FileRefused, a workbook that breaks off also while its lines are read."""
    with _refusing():
        sheet = open_sheet(file, kind, line=line, position=position, unpacked=UNPACKED_LIMIT)
    return Source(_lines(sheet, check_headers(sheet.headers)), sheet.total)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except SheetRefused as refused:
        raise FileRefused(Failure(refused.failure.value)) from refused


def check_headers(headers: Sequence[str]) -> int:
    """How many columns of a file are ours by its header: our columns, perhaps the day a residence
    began; the columns of a reject report may follow. Raises FileRefused, naming the columns that
    are missing or stand in the wrong place."""
    found = [header.strip() for header in headers]
    if missing := [header for header in HEADERS if header not in found]:
        raise FileRefused(Failure.HEADERS, missing)
    ours = len(HEADERS) + (len(found) > len(HEADERS) and found[len(HEADERS)] in SINCE_NAMES)
    if tuple(found[: len(HEADERS)]) != HEADERS or found[ours:] not in ([], list(REPORT_HEADERS)):
        wrong = [ours for ours, theirs in zip(HEADERS, found, strict=False) if ours != theirs]
        raise FileRefused(Failure.HEADERS, wrong)
    return ours


def _lines(sheet: Sheet, ours: int) -> Iterator[RawLine]:
    with _refusing():
        for number, cells, kinds, wrong, position in sheet.lines:
            fault = Fault(Reason(wrong.value)) if wrong else None
            if kinds:
                fault = fault or _fault_of(kinds, ours)
            yield RawLine(number, cells[:ours], fault, position)


def _fault_of(kinds: Mapping[int, CellKind], ours: int) -> Fault | None:
    """What keeps a workbook's cells from being taken as they are stored."""
    for at in sorted(at for at in kinds if at < ours):
        if kinds[at] is CellKind.FORMULA:
            return Fault(Reason.FORMULA, header_at(at))
        if kinds[at] is CellKind.ODD:
            return Fault(Reason.CELL_TYPE, header_at(at))
        if at == ID_COLUMN:  # a number, which holds fifteen digits of the eighteen
            return Fault(Reason.NUMERIC_ID, header_at(at))
    return None
