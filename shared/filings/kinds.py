"""What one kind of sheet is, and what a line of it says. Reading a line is free of I/O."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, TypeVar
from uuid import UUID

from pydantic import ValidationError

from shared.actors import Actor
from shared.codes import CodeError
from shared.commands import Command
from shared.db import Tx
from shared.filings.reasons import FilingFailure, FilingRefused, LineRefused, Reason
from shared.problems import Problem, Text
from shared.sheets_in import (
    LINE_FAULT_TEXT,
    CellKind,
    LineFault,
    SheetLine,
    spelling,
    written_day,
)
from shared.validation import field_errors

_LONGEST_HEADER: Final = 60
_MOST_IGNORED: Final = 20
_RUN: Final = ("=", "@")  # a cell that a spreadsheet would run; + may begin a phone number
_ESCAPED: Final = ("'=", "'+", "'-", "'@")  # how shared/sheets.py writes such a cell
_REQUIRED: Final = Text("必填", "It is required")
_KIND_FAULT: Final = {
    CellKind.FORMULA: LineFault.FORMULA,
    CellKind.ODD: LineFault.CELL_TYPE,
    CellKind.NUMBER: LineFault.NUMERIC_ID,
}


class ColumnType(StrEnum):
    """How the text of a cell is taken."""

    TEXT = "text"
    NUMBER = "number"  # 证件号码、信用代码: too long for a numeral
    DAY = "day"  # 日期


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the spellings of its header, the first of which is shown; its field of the
    command, dotted where it lies inside another; an example; and of a choice (选项) what each word
    means. A sheet may leave out a column that is not required."""

    field: str
    names: tuple[str, ...]
    example: str
    type: ColumnType = ColumnType.TEXT
    required: bool = True
    choices: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        return self.names[0]


C = TypeVar("C", bound=Command)


class SheetKind(ABC, Generic[C]):
    """One kind of sheet (表格种类). `scopes` are those of which the filer needs one; its lines are
    filed with those of them that it had. `already` are the refusals that say: it is there."""

    code: ClassVar[str]
    title: ClassVar[Text]
    columns: ClassVar[Sequence[Column]]
    command: type[C]
    scopes: ClassVar[frozenset[str]]
    already: ClassVar[tuple[type[Problem], ...]]

    def complete(self, values: dict[str, Any], actor: Actor) -> None:
        """Put in what a line need not say."""
        return

    async def known(self, command: C, tx: Tx) -> UUID | None:
        """Whom the register has under what a line says, where the outcome of the line tells the
        filer so: that is a look at her, though the line be refused or only tried."""
        return None

    @abstractmethod
    async def file(self, command: C, tx: Tx) -> UUID:
        """File one line; the id of its record. Raises a Problem."""

    def headings(self) -> list[str]:
        return [column.name for column in self.columns]

    def example(self) -> list[str]:
        return [column.example for column in self.columns]


AnyKind = SheetKind[Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file has the columns of its kind, and the headers that are not read."""

    places: Mapping[int, Column]
    ignored: list[str]


def layout_of(headers: Sequence[str], kind: AnyKind) -> Layout:
    """Columns may stand in any order. Raises FilingRefused when one that is needed is missing, or
    two mean the same."""
    known = {spelling(name): column for column in kind.columns for name in column.names}
    places: dict[int, Column] = {}
    ignored: list[str] = []
    repeated: list[str] = []
    for at, header in enumerate(headers):
        column = known.get(spelling(header).rstrip("*"))
        if column is None:
            ignored += [header.strip()[:_LONGEST_HEADER]] if header.strip() else []
        elif column in places.values():
            repeated.append(column.name)
        else:
            places[at] = column
    missing = [each.name for each in kind.columns if each.required and each not in places.values()]
    if missing:
        raise FilingRefused(FilingFailure.COLUMNS, missing)
    if repeated:
        raise FilingRefused(FilingFailure.REPEATED_COLUMNS, repeated)
    return Layout(places, ignored[:_MOST_IGNORED])


def cells_of(line: SheetLine, layout: Layout, kind: AnyKind) -> list[str]:
    """The line's cells in the order of the kind's columns; empty where its form is broken."""
    if line.fault is not None:
        return []
    found = {column.field: _plain(line.cells[at]) for at, column in layout.places.items()}
    return [found.get(column.field, "") for column in kind.columns]


def is_example(cells: Sequence[str], kind: AnyKind) -> bool:
    """Whether a line is the example of the empty sheet, left standing."""
    return list(cells) == kind.example()


def read_line(line: SheetLine, layout: Layout, kind: SheetKind[C], actor: Actor) -> C:
    """The command that a line says. Raises LineRefused with all that is wrong with it."""
    if line.fault is not None:
        raise LineRefused([Reason(line.fault.value, None, LINE_FAULT_TEXT[line.fault])])
    reasons: list[Reason] = []
    values: dict[str, Any] = {}
    for at, column in layout.places.items():
        text = _plain(line.cells[at])
        fault = _fault_of(text, line.kinds.get(at), column)
        if fault is not None:
            reasons.append(Reason(fault.value, column.name, LINE_FAULT_TEXT[fault]))
        elif text:
            _put(values, column.field, _meant(text, column))
        elif column.required:
            reasons.append(Reason("missing", column.name, _REQUIRED))
    kind.complete(values, actor)
    try:
        command = kind.command.model_validate(values)
    except ValidationError as error:
        raise LineRefused(reasons + _told(error, kind, reasons)) from None
    if reasons:
        raise LineRefused(reasons)
    return command


def _plain(cell: str) -> str:
    """A cell without spaces around it. The apostrophe is taken off only where a refused line that
    we gave back has one: a name may begin with it."""
    return (cell[1:] if cell.startswith(_ESCAPED) else cell).strip().strip("\u3000\ufeff")


def _fault_of(text: str, kind: CellKind | None, column: Column) -> LineFault | None:
    if kind is CellKind.NUMBER and column.type is not ColumnType.NUMBER:
        return None
    if kind is not None:
        return _KIND_FAULT[kind]
    return LineFault.FORMULA if text.startswith(_RUN) else None


def _meant(text: str, column: Column) -> str:
    """What the cell says; text that says nothing stays for the command to refuse."""
    if column.type is ColumnType.DAY:
        day = written_day(text)
        return text if day is None else day.isoformat()
    return (column.choices or {}).get(spelling(text), text)


def _put(values: dict[str, Any], field: str, text: str) -> None:
    *outer, last = field.split(".")
    for each in outer:
        values = values.setdefault(each, {})
    values[last] = text


def _told(error: ValidationError, kind: AnyKind, known: Sequence[Reason]) -> list[Reason]:
    """The command's refusals by column; a column that is refused already needs no second."""
    names = {column.field: column.name for column in kind.columns}
    refused = {reason.column for reason in known}
    faults = error.errors(include_url=False, include_input=False)
    said = zip(faults, field_errors(faults, "zh"), field_errors(faults, "en"), strict=False)
    reasons = []
    for fault, zh, en in said:
        inside = ".".join(map(str, fault["loc"])) + "."
        mine = [name for field, name in names.items() if (field + ".").startswith(inside)]
        if refused.isdisjoint(mine):
            column = mine[0] if mine else None
            reasons.append(Reason(_code(fault), column, Text(zh["reason"], en["reason"])))
    return reasons


def _code(fault: Any) -> str:
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, CodeError):
        return f"{cause.kind.value}-{cause.reason.value}"
    return str(fault["type"]).replace("_", "-")
