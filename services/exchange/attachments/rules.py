"""Which files may be attached (types.json), told from what they hold, not from their name. Pure."""

import re
from functools import cache
from importlib import resources
from typing import Final

from pydantic import BaseModel, ConfigDict

from services.exchange.attachments.errors import FileRefused, FileTooLarge

CHUNK: Final = 1024 * 1024  # bytes sealed together, and at most sent in one answer
LOOSE_HOURS: Final = 24  # how long an upload waits for the act it belongs to
MOST_ATTEMPTS: Final = 2000  # about a week at the longest pause
FETCH_TYPE: Final = "yipan-fetch"

_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OVERLAP = 64  # longer than any word looked for, escapes included
_TAIL = 1024


class FileType(BaseModel):
    """One kind of file. `begins` and `ends` are bytes in hex; the end stands `within` so many last
    bytes. `never` are words (PDF names) that give away an active or embedded content."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    media_type: str
    zh: str
    en: str
    begins: list[str]
    ends: str
    within: int
    never: list[str]


class Catalogue(BaseModel):
    """What may be attached, and how much of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    most_bytes: int
    most_in_an_inquiry: int
    types: list[FileType]


@cache
def catalogue() -> Catalogue:
    text = resources.files(__package__).joinpath("types.json").read_text(encoding="utf-8")
    return Catalogue.model_validate_json(text)


class Inspector:
    """Looks at a file that comes in pieces, and keeps only its ends. What a PDF hides in compressed
    objects is not seen: nothing is ever opened here, and viewers get it as a download."""

    def __init__(self) -> None:
        self.size = 0
        self._head = b""
        self._tail = b""
        self._active = False

    def feed(self, piece: bytes) -> None:
        """Raises FileTooLarge."""
        self.size += len(piece)
        if self.size > catalogue().most_bytes:
            raise FileTooLarge()
        if len(self._head) < 16:
            self._head = (self._head + piece[:16])[:16]
        seen = self._tail[-_OVERLAP:] + piece
        kind = self._kind()
        if kind is not None and kind.never and not self._active:
            plain = _ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), seen)
            self._active = any(word.encode() in plain for word in kind.never)
        self._tail = (self._tail + piece)[-_TAIL:]

    def media_type(self) -> str:
        """What it is. Raises FileRefused for anything the list does not have, for a file that is
        cut short or goes on after its end, and for an active one."""
        kind = self._kind()
        if kind is None or self._active:
            raise FileRefused()
        if kind.ends and bytes.fromhex(kind.ends) not in self._tail[-kind.within :]:
            raise FileRefused()
        return kind.media_type

    def _kind(self) -> FileType | None:
        for kind in catalogue().types:
            if self._head.startswith(tuple(bytes.fromhex(each) for each in kind.begins)):
                return kind
        return None


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes [start, end) that a Range header (RFC 9110 §14.2) asks for, at most CHUNK of them,
    which the standard allows; the beginning without a header. None where there are no such bytes
    or the header is not one plain range."""
    if header is None:
        return 0, min(CHUNK, size)
    found = re.fullmatch(r"bytes=(\d{1,12})-(\d{0,12})", header.strip())
    if found is None:
        return None
    start, last = int(found[1]), int(found[2] or size - 1)
    end = min(last + 1, start + CHUNK, size)
    return (start, end) if start < end else None


def chunks_of(size: int) -> int:
    """How many chunks a file of `size` bytes has."""
    return -(-size // CHUNK)
