"""The first sheet of a workbook (.xlsx), as a stream of its stored values.

The parser is our own over the standard library's. A library that lays a sheet out as a table
asks for memory by the furthest cell, so that two cells can bring a process down; here a row is
its cells, however far apart. And only the file's own marks tell a formula from a value, or a
number from digits typed as text. Nothing is ever run: workbooks with macros are refused whole,
and a cell with a formula is pointed out.

Most rows are written one plain way, and a pattern reads those several times faster than a parser
calls back for every tag. What is not plain to the letter the parser gets, and nothing else: to it
the file is one without the plain rows.
"""

import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from typing import IO, Final, NamedTuple
from xml.parsers import expat

from shared.sheets_in import LINE_LIMIT, CellKind, Sheet, SheetFailure, SheetLine, SheetRefused

_MOST_COLUMNS: Final = 512
_MOST_STRINGS: Final = 5_000_000  # shared by the cells; a million lines have about three
_PIECE: Final = 256 * 1024
_MACROS: Final = re.compile(r"vbaproject|vbadata|activex|macrosheets|xlmacro", re.IGNORECASE)
_MACRO_TYPES: Final = re.compile(rb"macroEnabled|vbaProject", re.IGNORECASE)
_PLACE: Final = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_LONGEST: Final = 1024 * 1024  # bytes that are waited for until an element ends
# Elements written the plain way. A value holds no mark, no entity, and no character that XML
# forbids or changes.
_VALUE: Final = r"([^<&\x00-\x08\x0b-\x1f\ufffe\uffff]*+)"
_CELL: Final = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="[0-9]+")?(?: t="(s|str|inlineStr|n)")?'
    rf'(?:/>|>(?:<v>|<is><t(?: xml:space="preserve")?>){_VALUE}(?:</v>|</t></is>)</c>)'
)
_ROW: Final = re.compile(r'\s*<row r="([0-9]{1,7})"(?: [A-Za-z0-9:]+="[^"<&]*")*>')
_STRING: Final = re.compile(rf'\s*<si><t(?: xml:space="preserve")?>{_VALUE}</t></si>')
# Behind one of these, what looks like an element may be part of a comment, or not in UTF-8.
_NOT_PLAIN: Final = re.compile(
    rb"<!|<\?(?!xml\s)|encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE
)
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
        rows = _Sheet(_Elements(archive, part, b"</row>"), _shared_strings(archive)).rows()
        header = next(rows, None)
    except _BROKEN as error:
        raise SheetRefused(SheetFailure.UNREADABLE) from error
    if header is None:
        raise SheetRefused(SheetFailure.EMPTY)
    width = max(header.cells, default=-1) + 1
    headers = [header.cells.get(at, "") for at in range(width)]
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


class _Elements:
    """A part of the book as its elements of one kind, such as `</row>` ends: those that are not
    plain go to the parser on the way."""

    def __init__(self, archive: zipfile.ZipFile, name: str, closing: bytes) -> None:
        self.parser = _parser()
        self.plain = True  # whether one may be
        self.passed = 0  # bytes of elements that the parser does not see
        self._given = 0  # and of those that it sees
        self._archive = archive
        self._name = name
        self._closing = closing

    def __iter__(self) -> Iterator[bytes]:
        """The part, cut behind every closing tag; then the parser is told that it is over."""
        rest = b""
        with self._archive.open(self._name) as part:
            while piece := part.read(_PIECE):
                *whole, rest = (rest + piece).split(self._closing)
                for element in whole:
                    yield element + self._closing
                if len(rest) > _LONGEST:
                    yield rest
                    rest = b""
        self.parse(rest)
        self.parser.Parse(b"", True)

    def parse(self, element: bytes) -> None:
        if _NOT_PLAIN.search(element):
            self.plain = False
        self.parser.Parse(element)
        self._given += len(element)
        # A comment or an attribute without end: the parser keeps all of it until it has the end.
        if self._given - self.parser.CurrentByteIndex > 2 * _LONGEST:
            raise SheetRefused(SheetFailure.TOO_LARGE_INSIDE)

    def pass_over(self, element: bytes) -> None:
        self.passed += len(element)

    def text(self, element: bytes) -> str | None:
        """An element that may be plain; None where it is not."""
        try:
            return element.decode() if self.plain and len(element) <= LINE_LIMIT else None
        except UnicodeDecodeError:
            return None


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
            _add(data, parts)

    def end(tag: str) -> None:
        inside.pop()
        if _local(tag) == "si":
            strings.append("".join(parts)[:LINE_LIMIT])

    elements = _Elements(archive, name, b"</si>")
    elements.parser.StartElementHandler = start
    elements.parser.CharacterDataHandler = text
    elements.parser.EndElementHandler = end
    for element in elements:
        if len(strings) > _MOST_STRINGS:
            raise SheetRefused(SheetFailure.TOO_LARGE_INSIDE)
        match = _STRING.fullmatch(elements.text(element) or "")
        if match:
            strings.append(match[1])
        else:
            elements.parse(element)
    return strings


def _add(data: str, parts: list[str]) -> None:
    """Keep a part of a text, but no text without end."""
    if sum(map(len, parts)) < LINE_LIMIT:
        parts.append(data[:LINE_LIMIT])


class SheetRow(NamedTuple):
    """A row with something in it: its number, the texts of its cells by column, which of them are
    stored as something else, and where in the part it ends."""

    number: int
    cells: dict[int, str]
    kinds: dict[int, CellKind]
    position: int


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    """Where a column stands, counted from 0: AB is 27."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


class _Sheet:
    """Reads rows, one by one."""

    def __init__(self, elements: _Elements, shared: list[str]) -> None:
        self._elements = elements
        self._shared = shared
        self._parsed: list[SheetRow] = []
        self._number = 0
        self._cells: dict[int, str] = {}
        self._kinds: dict[int, CellKind] = {}
        self._place = -1  # where the last cell stands
        self._stored = ""  # how
        self._formula = False
        self._parts: list[str] = []
        self._inside: list[str] = []
        elements.parser.StartElementHandler = self._start
        elements.parser.CharacterDataHandler = self._text
        elements.parser.EndElementHandler = self._end

    def rows(self) -> Iterator[SheetRow]:
        """Rows with something in them, and their numbers."""
        for element in self._elements:
            row = self._plain(element)
            if row is None:
                self._elements.parse(element)
                yield from self._parsed
                self._parsed.clear()
            elif row.cells:
                yield row
        yield from self._parsed

    def _plain(self, element: bytes) -> SheetRow | None:
        """A row written the plain way; None for what is not."""
        head, *rest = _CELL.split(self._elements.text(element) or "")
        match = _ROW.fullmatch(head)
        if match is None or not rest or rest[-1] != "</row>" or any(rest[3:-1:4]):
            return None
        cells: dict[int, str] = {}
        kinds: dict[int, CellKind] = {}
        for letters, stored, value in zip(rest[::4], rest[1::4], rest[2::4], strict=True):
            place = _column(letters)
            if value and place < _MOST_COLUMNS:
                text = self._value(value, stored or "")
                if text:
                    cells[place] = text
                if not stored or stored == "n":
                    kinds[place] = CellKind.NUMBER
        self._number = int(match[1])
        self._elements.pass_over(element)
        position = self._elements.passed + self._elements.parser.CurrentByteIndex
        return SheetRow(self._number, cells, kinds, position)

    def _value(self, text: str, stored: str) -> str:
        """What a stored value says."""
        if stored == "s":
            at = int(text) if text.isdecimal() and len(text) < 10 else -1
            if not 0 <= at < len(self._shared):
                raise ValueError("a string that is not there")
            return self._shared[at]
        return plain(text) if stored in ("n", "") else text

    # What the parser calls.

    def _start(self, tag: str, given: dict[str, str]) -> None:
        name = _local(tag)
        self._inside.append(name)
        if name == "row":
            told = given.get("r", "")
            self._number = int(told) if told.isdecimal() else self._number + 1
            self._cells, self._kinds, self._place = {}, {}, -1
        elif name == "c":
            match = _PLACE.fullmatch(given.get("r", ""))
            self._place = _column(match[1]) if match else self._place + 1
            self._stored, self._formula = given.get("t", ""), False
            self._parts = []
        elif name == "f":
            self._formula = True

    def _text(self, data: str) -> None:
        if self._inside[-1] in ("v", "t") and "rPh" not in self._inside:
            _add(data, self._parts)

    def _end(self, tag: str) -> None:
        self._inside.pop()
        name = _local(tag)
        if name == "c":
            self._finish()
        elif name == "row" and self._cells:
            position = self._elements.passed + self._elements.parser.CurrentByteIndex
            self._parsed.append(SheetRow(self._number, self._cells, self._kinds, position))

    def _finish(self) -> None:
        text = self._value("".join(self._parts)[:LINE_LIMIT], self._stored)
        if self._place >= _MOST_COLUMNS or not (text or self._formula):
            return
        self._cells[self._place] = text
        if self._formula:
            self._kinds[self._place] = CellKind.FORMULA
        elif self._stored in ("b", "e"):
            self._kinds[self._place] = CellKind.ODD
        elif self._stored in ("n", ""):
            self._kinds[self._place] = CellKind.NUMBER


def plain(text: str) -> str:
    """A stored number as a person sees it: 4.5322E4 is 45322; what is no whole number keeps its
    decimals."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else text


def _lines(rows: Iterator[SheetRow], width: int, done: int) -> Iterator[SheetLine]:
    try:
        for number, found, kinds, position in rows:
            if number <= done:
                continue
            cells = [""] * width
            for at, text in found.items():
                if at < width:
                    cells[at] = text
            if any(map(str.strip, cells)):
                ours = {at: kind for at, kind in kinds.items() if at < width}
                yield SheetLine(number, cells, ours, None, position)
    except _BROKEN as error:
        raise SheetRefused(SheetFailure.UNREADABLE) from error
