"""A JSON array of flat objects, one at a time: the file is never in memory whole.

A line is an item of the array. What is wrong inside an item refuses the item; what breaks the
array itself refuses the file, for nobody can tell where the next item would begin.
"""

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import IO, Final

from services.registry.feeds.meanings import FieldType
from services.registry.feeds.profile_rules import Column, Profile
from services.registry.feeds.reading import RawLine, Source, refusing
from services.registry.feeds.reasons import Failure, Fault, FileRefused, Reason
from shared.sheets_in import LINE_LIMIT, decoded, encoding_of, spelling

_PIECE: Final = 256 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_MOST_DROPPED: Final = 200
_DEPTH: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|([\[{])|[\]}]', re.DOTALL)
_DEEPEST: Final = 16


class _Broken(Exception):
    """The array itself cannot be read on."""


def open_objects(file: IO[bytes], profile: Profile) -> Source:
    """Raises FileRefused, also while the lines are read."""
    with refusing():
        encoding = encoding_of(file)
    total = file.seek(0, 2)
    file.seek(0)
    reader = _Reader(file, encoding)
    if not reader.fill() or not reader.peek():
        raise FileRefused(Failure.EMPTY)
    if reader.peek() != "[":
        raise FileRefused(Failure.NOT_A_LIST if reader.peek() in '{"' else Failure.JSON, line=1)
    source = Source(iter(()), total)
    source.lines = _items(reader, profile, source.dropped)
    return source


class _Reader:
    """A window on the text, with as much of it as an item may need."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ended = False
        self.window = ""
        self.at = 0
        self.lines = 1  # physical lines passed, for naming the place of a fault

    @property
    def position(self) -> int:
        return self._file.tell()

    def fill(self) -> bool:
        """Read more; drop what was passed. Returns whether there was more."""
        self.lines += self.window.count("\n", 0, self.at)
        self.window, self.at = self.window[self.at :], 0
        piece = self._file.read(_PIECE)
        try:
            text = self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            line = self.lines + self.window.count("\n") + piece.count(b"\n", 0, error.start)
            raise FileRefused(Failure.ENCODING, line=line) from None
        if not self.window and self.lines == 1:
            text = text.removeprefix("\ufeff")
        self.window += text
        self._refuse_mixed(piece)
        self._ended = not piece
        return not self._ended

    def _refuse_mixed(self, piece: bytes) -> None:
        """Whole lines of the piece have to be of the file's encoding. Raises FileRefused."""
        if self._encoding == "utf-8" or piece.isascii():
            return
        whole = piece.split(b"\n")[1:-1]
        for number, line in enumerate(whole, start=1):
            if decoded(line, self._encoding) is None:
                before = self.window.count("\n") - piece.count(b"\n")
                raise FileRefused(Failure.ENCODING, line=self.lines + before + number)

    def peek(self) -> str:
        """The next character that is not a space, without passing it; empty at the end."""
        while True:
            match = _SPACE.match(self.window, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.window):
                return self.window[self.at]
            if self._ended or not self.fill():
                return ""

    def line(self) -> int:
        return self.lines + self.window.count("\n", 0, self.at)

    def ahead(self) -> None:
        """Have an item's length of text in the window, as far as there is."""
        while len(self.window) - self.at < LINE_LIMIT and not self._ended:
            self.fill()


def _items(reader: _Reader, profile: Profile, dropped: list[str]) -> Iterator[RawLine]:
    columns = {spelling(name): each for each in profile.columns for name in each.names}
    reader.at += 1  # the bracket
    number = 0
    try:
        if reader.peek() == "]":
            reader.at += 1
            return _end(reader)
        while True:
            number += 1
            item = _item(reader)
            yield _line_of(number, item, columns, dropped, reader.position)
            separator = reader.peek()
            reader.at += 1
            if separator == "]":
                return _end(reader)
            if separator != ",":
                raise _Broken
    except _Broken:
        raise FileRefused(Failure.JSON, line=reader.line()) from None


def _end(reader: _Reader) -> None:
    if reader.peek():
        raise _Broken


def _item(reader: _Reader) -> "_Object | Fault":
    """The next item, or what is wrong with it. Raises _Broken where it has no end."""
    reader.peek()
    reader.ahead()
    if _too_deep(reader.window[reader.at : reader.at + LINE_LIMIT]):
        raise _Broken  # brackets upon brackets: whoever wrote this wrote no register
    decoder = json.JSONDecoder(
        object_pairs_hook=_Object, parse_constant=_no_number, parse_float=_float, parse_int=_int
    )
    try:
        value, end = decoder.raw_decode(reader.window, reader.at)
    except (ValueError, RecursionError):
        raise _Broken from None
    if end - reader.at > LINE_LIMIT:
        raise _Broken
    reader.at = end
    return value if isinstance(value, _Object) else Fault(Reason.NOT_AN_OBJECT)


def _too_deep(text: str) -> bool:
    level = 0
    for match in _DEPTH.finditer(text):
        bracket = match[0]
        if bracket in ("[", "{"):
            level += 1
        elif bracket in ("]", "}"):
            level -= 1
            if level <= 0:
                return False
        if level > _DEEPEST:
            return True
    return False


class _Object:
    """An object's pairs in order, doubled keys and all."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs


class _Number(str):
    """A number as it was written; an id number must not be one."""


_NO_NUMBER: Final = _Number("")


def _no_number(_: str) -> _Number:
    return _NO_NUMBER


def _float(text: str) -> _Number:
    return _Number(text) if math.isfinite(float(text)) else _NO_NUMBER


def _int(text: str) -> _Number:
    return _Number(text) if len(text) <= 20 else _NO_NUMBER


def _line_of(
    number: int,
    item: _Object | Fault,
    columns: dict[str, Column],
    dropped: list[str],
    position: int,
) -> RawLine:
    if isinstance(item, Fault):
        return RawLine(number, {}, item, position)
    cells: dict[str, str] = {}
    fault: Fault | None = None
    for key, value in item.pairs:
        column = columns.get(spelling(key))
        if column is None:
            if len(dropped) < _MOST_DROPPED and key[:60] not in dropped:
                dropped.append(key[:60])
            continue
        found = _cell(column, value)
        if column.field in cells:
            fault = fault or Fault(Reason.DUPLICATE_KEY, column.field)
        if isinstance(found, Reason):
            fault = fault or Fault(found, column.field)
            found = ""
        cells[column.field] = found
    return RawLine(number, cells, fault, position)


def _cell(column: Column, value: object) -> str | Reason:
    if value is None:
        return ""
    if isinstance(value, _Number):
        if value is _NO_NUMBER:
            return Reason.NUMBER_SIZE
        return Reason.NUMERIC_ID if column.type is FieldType.ID_NUMBER else str(value)
    if isinstance(value, str):
        return value
    return Reason.CELL_TYPE if isinstance(value, bool) else Reason.NESTED
