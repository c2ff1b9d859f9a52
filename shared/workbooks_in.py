"""The first sheet of a workbook (.xlsx), as a stream of its stored values.

The parser is our own over the standard library's. A library that lays a sheet out as a table
asks for memory by the furthest cell, so that two cells can bring a process down; here a row is
its cells, however far apart. And only the file's own marks tell a formula from a value, or a
number from digits typed as text. Nothing is ever run: workbooks with macros are refused whole,
and a cell with a formula is pointed out.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final, NamedTuple
from xml.parsers import expat

from shared.sheets_in import LINE_LIMIT, CellKind, Sheet, SheetFailure, SheetLine, SheetRefused

_MOST_COLUMNS: Final = 512
_PIECE: Final = 256 * 1024
_MACROS: Final = re.compile(r"vbaproject|vbadata|activex|macrosheets|xlmacro", re.IGNORECASE)
_MACRO_TYPES: Final = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)
_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BROKEN: Final = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    ValueError,
    NotImplementedError,
    EOFError,
    expat.ExpatError,
)


def open_workbook(file: IO[bytes], line: int, unpacked: int) -> Sheet:
    """Open a workbook that unpacks to no more than so many bytes, to read on after line number
    `line`. Raises SheetRefused, also while the lines are read, for a sheet that breaks off."""
    try:
        archive = _checked(file, unpacked)
        part = _first_sheet(archive)
        rows = _rows(archive, part, _shared_strings(archive))
        header = next(rows, None)
    except _BROKEN as error:
        raise SheetRefused(SheetFailure.UNREADABLE) from error
    if header is None:
        raise SheetRefused(SheetFailure.EMPTY)
    width = max(header.cells, default=-1) + 1
    headers = [header.cells[at].text if at in header.cells else "" for at in range(width)]
    return Sheet(headers, _lines(rows, width, line), archive.getinfo(part).file_size)


def _checked(file: IO[bytes], limit: int) -> zipfile.ZipFile:
    """Refuse by what the archive declares, before a byte is unpacked; whatever is unpacked later
    ends at what was declared."""
    file.seek(0)
    archive = zipfile.ZipFile(file)
    members = archive.infolist()
    if len(members) > 10_000 or sum(each.file_size for each in members) > limit:
        raise SheetRefused(SheetFailure.TOO_LARGE_INSIDE)
    if any(each.flag_bits & 1 for each in members):
        raise SheetRefused(SheetFailure.UNREADABLE)
    if any(_MACROS.search(each.filename) for each in members):
        raise SheetRefused(SheetFailure.MACROS)
    if _MACRO_TYPES.search(_whole(archive, "[Content_Types].xml")):
        raise SheetRefused(SheetFailure.MACROS)
    return archive


def _whole(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small part. Raises ValueError when it is missing or not small."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ValueError(name) from None
    if info.file_size > 4 * 1024 * 1024:
        raise SheetRefused(SheetFailure.TOO_LARGE_INSIDE)
    with archive.open(info) as part:
        return part.read(info.file_size)


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The part that holds the first sheet of the book."""
    sheets: list[str] = []
    targets: dict[str, str] = {}

    def book(tag: str, given: dict[str, str]) -> None:
        if _local(tag) == "sheet":
            sheets.extend(text for name, text in given.items() if name.endswith(":id"))

    def relations(tag: str, given: dict[str, str]) -> None:
        if _local(tag) == "Relationship":
            targets[given.get("Id", "")] = given.get("Target", "")

    for name, found in (("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", relations)):
        parser = _parser()
        parser.StartElementHandler = found
        parser.Parse(_whole(archive, name), True)
    if not sheets:
        raise SheetRefused(SheetFailure.EMPTY)
    target = targets.get(sheets[0], "")
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if path not in archive.namelist():
        raise ValueError("the sheet is missing")
    return path


def _parser() -> expat.XMLParserType:
    """No document types: they are where entities that grow come from."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise SheetRefused(SheetFailure.UNREADABLE)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while piece := part.read(_PIECE):
            yield piece


def _shared_strings(archive: zipfile.ZipFile) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in archive.namelist():
        return []
    strings: list[str] = []
    parts: list[str] = []
    inside: list[str] = []

    def start(tag: str, _: dict[str, str]) -> None:
        inside.append(_local(tag))
        if inside[-1] == "si":
            parts.clear()

    def text(data: str) -> None:
        if inside and inside[-1] == "t" and "rPh" not in inside:  # rPh: how it is pronounced
            parts.append(data)

    def end(tag: str) -> None:
        inside.pop()
        if _local(tag) == "si":
            strings.append("".join(parts)[:LINE_LIMIT])

    parser = _parser()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    for piece in _pieces(archive, name):
        parser.Parse(piece)
    parser.Parse(b"", True)
    return strings


class Cell:
    """One stored value: its text, and how it is stored."""

    __slots__ = ("formula", "place", "stored", "text")

    def __init__(self, place: int, stored: str) -> None:
        self.place = place
        self.stored = stored
        self.formula = False
        self.text = ""

    @property
    def told(self) -> CellKind | None:
        """None for plain text."""
        if self.formula:
            return CellKind.FORMULA
        if self.stored in ("b", "e"):
            return CellKind.ODD
        return CellKind.NUMBER if self.stored in ("n", "") and self.text else None


Cells = dict[int, Cell]


class SheetRow(NamedTuple):
    """A row with something in it: its number, its cells, and where in the part it ends."""

    number: int
    cells: Cells
    position: int


class _Sheet:
    """Collects rows while the parser goes over the sheet."""

    def __init__(self, shared: list[str], parser: expat.XMLParserType) -> None:
        self._shared = shared
        self._parser = parser
        self.rows: list[SheetRow] = []
        self._number = 0
        self._cells: Cells = {}
        self._next = 0  # where a cell stands that does not say
        self._cell: Cell | None = None
        self._parts: list[str] = []
        self._inside: list[str] = []

    def start(self, tag: str, given: dict[str, str]) -> None:
        name = _local(tag)
        self._inside.append(name)
        if name == "row":
            told = given.get("r", "")
            self._number = int(told) if told.isdecimal() else self._number + 1
            self._cells, self._next = {}, 0
        elif name == "c":
            self._cell = Cell(self._place(given.get("r", "")), given.get("t", ""))
            self._next = self._cell.place + 1
            self._parts = []
        elif name == "f" and self._cell is not None:
            self._cell.formula = True

    def _place(self, told: str) -> int:
        match = _PLACE.fullmatch(told)
        if match is None:
            return self._next
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        return column - 1

    def text(self, data: str) -> None:
        if self._cell is not None and self._inside[-1] in ("v", "t") and "rPh" not in self._inside:
            self._parts.append(data)

    def end(self, tag: str) -> None:
        self._inside.pop()
        name = _local(tag)
        if name == "c" and self._cell is not None:
            self._finish(self._cell)
            self._cell = None
        elif name == "row" and self._cells:
            self.rows.append(SheetRow(self._number, self._cells, self._parser.CurrentByteIndex))

    def _finish(self, cell: Cell) -> None:
        text = "".join(self._parts)[:LINE_LIMIT]
        if cell.stored == "s":
            at = int(text) if text.isdecimal() and len(text) < 10 else -1
            if not 0 <= at < len(self._shared):
                raise ValueError("a string that is not there")
            text = self._shared[at]
        elif cell.stored in ("n", ""):
            text = plain(text)
        cell.text = text
        if cell.place < _MOST_COLUMNS and (text or cell.formula):
            self._cells[cell.place] = cell


def plain(text: str) -> str:
    """A stored number as a person sees it: 4.5322E4 is 45322; what is no whole number keeps its
    decimals."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else text


def _rows(archive: zipfile.ZipFile, sheet: str, shared: list[str]) -> Iterator[SheetRow]:
    """Rows with something in them, and their numbers."""
    parser = _parser()
    found = _Sheet(shared, parser)
    parser.StartElementHandler = found.start
    parser.CharacterDataHandler = found.text
    parser.EndElementHandler = found.end
    for piece in _pieces(archive, sheet):
        parser.Parse(piece)
        yield from found.rows
        found.rows.clear()
    parser.Parse(b"", True)
    yield from found.rows


def _lines(rows: Iterator[SheetRow], width: int, done: int) -> Iterator[SheetLine]:
    try:
        for number, found, position in rows:
            if number <= done:
                continue
            cells = [""] * width
            kinds: dict[int, CellKind] = {}
            for at, cell in found.items():
                if at < width:
                    cells[at] = cell.text
                    if kind := cell.told:
                        kinds[at] = kind
            if any(map(str.strip, cells)):
                yield SheetLine(number, cells, kinds, None, position)
    except _BROKEN as error:
        raise SheetRefused(SheetFailure.UNREADABLE) from error
