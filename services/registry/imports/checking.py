"""Reading, checking and sealing a file batch by batch: all that needs no database.

A good line leaves here as what decides about it and the bytes that PostgreSQL will take: its row
in the format of binary COPY, but for the household and the room, which the register has to say.
Blocking, and most of an import's work: called in a thread, or in a process of its own
(checking_process.py).
"""

import json
import time
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import IO, Final, NamedTuple
from uuid import UUID

from uuid_utils import uuid7

from services.registry.imports.reading import RawLine, open_roster
from services.registry.imports.reasons import Reason
from services.registry.imports.rules import Fault, Line, check_line
from shared.crypto import Vault

BATCH: Final = 5_000
CELLS: Final = "\0"  # between the cells of a line that was good: no such character is in them
STAGED: Final = (
    *("person_id", "name", "sex", "birth_date", "nationality", "id_sealed", "id_index"),
    *("phone_sealed", "phone_index", "hukou", "relation", "residence_id", "residence", "kind"),
    *("origin", "employer", "since", "household_id", "room_id"),
)
_BREATH: Final = 50
_FIRST: Final = 8  # the part of a batch that the first is
_EPOCH: Final = date(2000, 1, 1).toordinal()  # of dates in PostgreSQL's binary format
_NULL: Final = b"\xff\xff\xff\xff"
_LENGTHS: Final = [length.to_bytes(4, "big") for length in range(1024)]
_FIELDS: Final = len(STAGED).to_bytes(2, "big")

HouseholdKey = tuple[str, str]  # county, 户号
Refused = tuple[int, str | None, str, bytes]  # line, column, code, sealed cells


class Order(NamedTuple):
    """What is to be read and checked, from which line on, by which measure."""

    format: str
    line: int
    position: int
    import_id: UUID
    as_of: date
    today: date
    jurisdiction: str
    vault: Vault
    batch: int = BATCH


class Checked(NamedTuple):
    """A good line. `cells` is what was sent, for the case that it is refused after all. `known_as`
    tells a person by household, name and birth date. `place` is where the household lies, `home`
    where she lives, "" when nobody knows; `said` is what the line says, to compare with what is
    registered; `row` her row, without household and room."""

    number: int
    cells: str
    id_index: bytes | None
    known_as: bytes
    household: HouseholdKey | None
    relation: str | None
    born: int
    place: str
    home: str
    dwelling: str | None
    room: str | None
    use: str
    said: str
    since: str
    row: bytes

    @property
    def person_id(self) -> UUID:
        """As it stands in the row: its first field, after the number of fields and a length."""
        return UUID(bytes=self.row[6:22])


class Batch(NamedTuple):
    """Lines that are written together, and how far the file is read then. `codes` are the regions
    that the good ones name: whether they exist, the register says (see Checking.again)."""

    good: list[Checked]
    refused: list[Refused]
    codes: set[str]
    line: int
    position: int


class CheckingStopped(Exception):
    """The process that checks a file died, or met an error: told by its class alone, for its text
    may say what a line says."""


class Checking:
    """A file being read. Raises FileRefused when it cannot be opened as a roster."""

    def __init__(self, file: IO[bytes], order: Order, *, breathe: bool = True) -> None:
        source = open_roster(file, order.format, line=order.line, position=order.position)
        self.total = source.total
        self._batches = batches(source.lines, order.batch, order.batch // _FIRST)
        self._order = order
        self._breathe = breathe  # in a thread: the event loop would else wait 5 ms for its turn
        self._wrong: dict[str, Reason] = {}
        self._last: list[RawLine] = []

    def next(self) -> Batch | None:
        """The next batch; None at the end of the file."""
        self._last = next(self._batches, [])
        return self._checked() if self._last else None

    def again(self, wrong: dict[str, Reason]) -> Batch:
        """The same batch, now that it is known of some of its region codes why they are wrong."""
        self._wrong |= wrong
        return self._checked()

    def _checked(self) -> Batch:
        last = self._last[-1]
        batch = Batch([], [], set(), last.number, last.position)
        for count, raw in enumerate(self._last):
            if self._breathe and count % _BREATH == 0:
                time.sleep(0)
            self._check(raw, batch)
        batch.codes.discard("")
        return batch

    def _check(self, raw: RawLine, batch: Batch) -> None:
        order = self._order
        found = raw.fault or check_line(raw.cells, order.today, self._wrong, order.jurisdiction)
        if isinstance(found, Fault):
            batch.refused.append(
                refused(raw.number, raw.cells, found, order.import_id, order.vault)
            )
            return
        batch.codes.update((found.hukou, found.residence or "", found.origin or ""))
        batch.good.append(_prepared(raw, found, order))


def batches(lines: Iterator[RawLine], most: int, first: int = 0) -> Iterator[list[RawLine]]:
    """Cut a file into batches of about `most` lines, between households; a household that does
    not end is cut at twice the size. The `first` is smaller and those behind it double, so that the
    database is not kept waiting for it."""
    batch: list[RawLine] = []
    size = first or most
    for line in lines:
        if len(batch) >= size and (
            len(batch) >= 2 * size or line.cells[:1] != batch[-1].cells[:1] or not line.cells[0]
        ):
            yield batch
            batch, size = [], min(2 * size, most)
        batch.append(line)
    if batch:
        yield batch


def reject_place(import_id: UUID, line: int) -> str:
    """What the cells of a refused line are sealed for."""
    return f"import_rejects.cells:{import_id}:{line}"


def refused(number: int, cells: list[str], fault: Fault, import_id: UUID, vault: Vault) -> Refused:
    """A refused line as it is kept."""
    text = json.dumps(cells, ensure_ascii=False)
    sealed = vault.seal_bytes(
        text.encode("utf-8", errors="replace"), reject_place(import_id, number)
    )
    return number, fault.column, fault.reason.value, sealed


def own_place(hukou: str, residence: str | None, jurisdiction: str) -> str:
    """Where a line belongs to the actor: her home, or else where her register is."""
    return residence if residence is not None and residence.startswith(jurisdiction) else hukou


def known_as(county: str, household: str, name: str, born: int) -> bytes:
    """How somebody is told apart who has no id number. Unlike the index of one, it begins with a
    NUL and holds more of them."""
    return f"\0{county}\0{household}\0{name}\0{born}".encode()


def said(line: Line, phone_index: bytes | None) -> str:
    """What a line, or a record, says beside the id number. Since when somebody lives there is
    compared apart, as not every roster says it."""
    return CELLS.join(
        (
            line.household or "",
            line.relation or "",
            line.name,
            line.sex,
            line.nationality,
            line.birth_date.isoformat(),
            line.hukou,
            line.residence or "",
            line.kind or "",
            line.dwelling or "",
            line.room or "",
            line.origin or "",
            line.employer or "",
            phone_index.hex() if phone_index else "",
        )
    )


def _prepared(raw: RawLine, line: Line, order: Order) -> Checked:
    vault, person_id = order.vault, uuid7()  # not new_id(): nothing here needs Python's own UUID
    id_sealed = id_index = phone_sealed = phone_index = None
    if line.id_number is not None:
        id_index = vault.index(line.id_number, "id_number")
        id_sealed = vault.seal(line.id_number, f"persons.id_number:{person_id}")
    if line.phone is not None:
        phone_index = vault.index(line.phone, "phone")
        phone_sealed = vault.seal(line.phone, f"persons.phone:{person_id}")
    place = own_place(line.hukou, line.residence, order.jurisdiction)
    born = line.birth_date.toordinal()
    return Checked(
        number=raw.number,
        cells=CELLS.join(raw.cells),
        id_index=id_index,
        known_as=known_as(place[:6], line.household, line.name, born) if line.household else b"",
        household=(place[:6], line.household) if line.household else None,
        relation=line.relation,
        born=born,
        place=place,
        home=line.residence or "",
        dwelling=line.dwelling,
        room=line.room,
        use=line.use,
        said=said(line, phone_index),
        since=line.since.isoformat() if line.since else "",
        row=_row(line, order, person_id.bytes, (id_sealed, id_index, phone_sealed, phone_index)),
    )


# ---- binary COPY (PostgreSQL manual, COPY, "Binary Format") --------------------------------------

COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END: Final = b"\xff\xff"


def copied(value: bytes | None) -> bytes:
    """A field: its length and its bytes."""
    if value is None:
        return _NULL
    length = len(value)
    return (_LENGTHS[length] if length < 1024 else length.to_bytes(4, "big")) + value


@lru_cache(maxsize=10_000)
def _text(value: str | None) -> bytes:
    """A field that most lines share with others."""
    return _NULL if value is None else copied(value.encode())


@lru_cache(maxsize=50_000)
def _day(day: date) -> bytes:
    return _LENGTHS[4] + (day.toordinal() - _EPOCH).to_bytes(4, "big", signed=True)


def _row(line: Line, order: Order, person_id: bytes, sealed: tuple[bytes | None, ...]) -> bytes:
    lives = line.residence is not None
    return b"".join(
        (
            _FIELDS + _LENGTHS[16],
            person_id,
            copied(line.name.encode()),
            _text(line.sex),
            _day(line.birth_date),
            _text(line.nationality),
            *map(copied, sealed),
            _text(line.hukou),
            _text(line.relation),
            _LENGTHS[16] + uuid7().bytes if lives else _NULL,
            _text(line.residence),
            _text(line.kind),
            _text(line.origin),
            _text(line.employer),
            _day(line.since or order.as_of) if lives else _NULL,
        )
    )
