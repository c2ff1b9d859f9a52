"""What becomes of a batch of checked lines: decided here without I/O, written in writing.py.

The household rule: a household is taken with its head or not at all. A line whose household has
no head, in the register or among the good lines of the batch, is refused with `head-missing`, so
that the reject report holds the household whole and can be mended and sent again. A bad line of
any other member refuses only itself. Batches are cut between households.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.imports.reading import RawLine
from services.registry.imports.reasons import Reason
from services.registry.imports.rules import (
    HUKOU_COLUMN,
    ORIGIN_COLUMN,
    RESIDENCE_COLUMN,
    Fault,
    Line,
    check_line,
    region_code,
)
from shared.crypto import Vault
from shared.ids import new_id

BATCH = 2_000
_BREATH = 25
_HEAD = "0"

HouseholdKey = tuple[str, str]  # county, 户号
DwellingKey = tuple[str, str]  # region, 房屋编号
RoomKey = tuple[UUID, str]  # dwelling, 房间号
TakenKey = bytes | HouseholdKey  # the index of an id number, or a household


class Checked(NamedTuple):
    """A line as the rules left it; a good one with its id number and phone sealed."""

    raw: RawLine
    line: Line | None
    fault: Fault | None
    household: HouseholdKey | None
    person_id: UUID
    id_index: bytes
    id_sealed: bytes
    phone_index: bytes | None
    phone_sealed: bytes | None


class Recorded(NamedTuple):
    """A registered person whose id number stands in the batch, as a line would say it. `line`
    has no id number: it was matched by its index."""

    person_id: UUID
    import_id: UUID | None
    line: Line
    phone_index: bytes | None


@dataclass
class Surroundings:
    """What the register already holds of what a batch names. `elsewhere` are keys that exist
    where the actor does not see them."""

    persons: Mapping[bytes, Recorded]
    households: Mapping[HouseholdKey, tuple[UUID, bool]]  # id, whether it has a head
    dwellings: Mapping[DwellingKey, UUID]
    rooms: Mapping[RoomKey, UUID]
    elsewhere: Collection[TakenKey] = ()


@dataclass
class Decision:
    """What to write. Persons come with the household and the room they are put into."""

    persons: list[tuple[Checked, UUID | None, UUID | None]] = field(default_factory=list)
    households: dict[HouseholdKey, tuple[UUID, str]] = field(default_factory=dict)
    dwellings: dict[DwellingKey, tuple[UUID, str]] = field(default_factory=dict)
    rooms: dict[RoomKey, UUID] = field(default_factory=dict)
    rejects: list[tuple[RawLine, Fault]] = field(default_factory=list)
    looked_at: list[UUID] = field(default_factory=list)
    unchanged: int = 0


def batches(lines: Iterator[RawLine], size: int = BATCH) -> Iterator[list[RawLine]]:
    """Cut a file into batches of about `size` lines, between households; a household that does
    not end is cut at twice the size."""
    batch: list[RawLine] = []
    for line in lines:
        if len(batch) >= size and (
            len(batch) >= 2 * size or line.cells[:1] != batch[-1].cells[:1] or not line.cells[0]
        ):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


def region_codes(batch: list[RawLine]) -> set[str]:
    """The region codes that a batch names, good or bad."""
    codes = set()
    for raw in batch:
        if raw.fault is None:
            for column in (HUKOU_COLUMN, RESIDENCE_COLUMN, ORIGIN_COLUMN):
                codes.add(region_code(raw.cells[column].strip()))
    return {code for code in codes if code}


def check_batch(
    batch: list[RawLine], today: date, known: Collection[str], jurisdiction: str, vault: Vault
) -> list[Checked]:
    """Check each line and seal what is personal in the good ones. Heavy: call it in a thread."""
    checked = []
    for number, raw in enumerate(batch):
        if number % _BREATH == 0:
            time.sleep(0)  # gives the interpreter to the event loop, which else waits 5 ms for it
        checked.append(_checked(raw, today, known, jurisdiction, vault))
    return checked


def _checked(
    raw: RawLine, today: date, known: Collection[str], jurisdiction: str, vault: Vault
) -> Checked:
    found = raw.fault or check_line(raw.cells, today, known, jurisdiction)
    person_id = new_id()
    if isinstance(found, Fault):
        return Checked(raw, None, found, None, person_id, b"", b"", None, None)
    phone, place = found.phone, str(person_id)
    household = None
    if found.household is not None:  # of the county that the actor answers for
        household = _own_place(found, jurisdiction)[:6], found.household
    return Checked(
        raw,
        found,
        None,
        household,
        person_id,
        vault.index(found.id_number, "id_number"),
        vault.seal(found.id_number, f"persons.id_number:{place}"),
        vault.index(phone, "phone") if phone else None,
        vault.seal(phone, f"persons.phone:{place}") if phone else None,
    )


def _own_place(line: Line, jurisdiction: str) -> str:
    """Where a line belongs to the actor: her home, or else where her register is."""
    here = line.residence is not None and line.residence.startswith(jurisdiction)
    return str(line.residence) if here else line.hukou


def decide(
    checked: list[Checked], around: Surroundings, import_id: UUID, jurisdiction: str
) -> Decision:
    """Sort a batch into persons to enter, lines that change nothing, and refused lines."""
    decision = Decision()
    candidates = list(_unregistered(checked, around, import_id, decision))
    heads = _heads(candidates, around)
    for each, line in candidates:
        key = each.household
        fault = _household_fault(each, line, heads, around) if key else None
        if fault is not None:
            decision.rejects.append((each.raw, fault))
            continue
        household = None
        if key is not None:
            head = heads[key] or line
            household = _household_of(key, head, around, decision, jurisdiction)
        room = _room_of(line, around, decision) if line.dwelling else None
        decision.persons.append((each, household, room))
    return decision


def _unregistered(
    checked: list[Checked], around: Surroundings, import_id: UUID, decision: Decision
) -> Iterator[tuple[Checked, Line]]:
    """Good lines of people who are not registered yet; the others are settled on the way."""
    seen: set[bytes] = set()
    for each in checked:
        if each.line is None or each.fault is not None:
            decision.rejects.append((each.raw, each.fault or Fault(Reason.COLUMN_COUNT)))
            continue
        recorded = around.persons.get(each.id_index)
        if recorded is not None:
            decision.looked_at.append(recorded.person_id)
            _compare(each, each.line, recorded, import_id, decision)
        elif each.id_index in seen:
            decision.rejects.append((each.raw, Fault(Reason.DUPLICATE_ID, "身份证号")))
        elif each.id_index in around.elsewhere:
            decision.rejects.append((each.raw, Fault(Reason.ALREADY_REGISTERED, "身份证号")))
        else:
            seen.add(each.id_index)
            yield each, each.line


def _compare(
    each: Checked, line: Line, recorded: Recorded, import_id: UUID, decision: Decision
) -> None:
    says = line._replace(id_number="", phone=None, use="")
    if recorded.import_id == import_id:
        decision.rejects.append((each.raw, Fault(Reason.DUPLICATE_ID, "身份证号")))
    elif says == recorded.line and each.phone_index == recorded.phone_index:
        decision.unchanged += 1
    else:
        decision.rejects.append((each.raw, Fault(Reason.ALREADY_REGISTERED, "身份证号")))


def _heads(
    candidates: list[tuple[Checked, Line]], around: Surroundings
) -> dict[HouseholdKey, Line | None]:
    """The head of every household that has one: a line of the batch, or None for the register."""
    heads: dict[HouseholdKey, Line | None] = {
        key: None for key, (_, headed) in around.households.items() if headed
    }
    for each, line in candidates:
        if line.relation == _HEAD and each.household is not None:
            heads.setdefault(each.household, line)
    return heads


def _household_fault(
    each: Checked,
    line: Line,
    heads: Mapping[HouseholdKey, Line | None],
    around: Surroundings,
) -> Fault | None:
    key = each.household
    if key in around.elsewhere:
        return Fault(Reason.HOUSEHOLD_ELSEWHERE, "户号")
    if key is None or key not in heads:
        return Fault(Reason.HEAD_MISSING, "与户主关系")
    if line.relation == _HEAD and heads[key] is not line:
        return Fault(Reason.SECOND_HEAD, "与户主关系")
    return None


def _household_of(
    key: HouseholdKey, head: Line, around: Surroundings, decision: Decision, jurisdiction: str
) -> UUID:
    """The household's id; a new one lies where its head belongs."""
    if key in around.households:
        return around.households[key][0]
    if key not in decision.households:
        decision.households[key] = new_id(), _own_place(head, jurisdiction)
    return decision.households[key][0]


def _room_of(line: Line, around: Surroundings, decision: Decision) -> UUID | None:
    if line.dwelling is None or line.room is None or line.residence is None:
        return None
    key = line.residence, line.dwelling
    dwelling = around.dwellings.get(key)
    if dwelling is None:
        if key not in decision.dwellings:
            decision.dwellings[key] = new_id(), line.use
        dwelling = decision.dwellings[key][0]
    room = dwelling, line.room
    if room not in around.rooms and room not in decision.rooms:
        decision.rooms[room] = new_id()
    return around.rooms.get(room) or decision.rooms[room]
