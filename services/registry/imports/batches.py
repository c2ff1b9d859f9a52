"""What becomes of a batch of good lines: decided here without I/O, written in writing.py.

The household rule: a household is taken with its head or not at all. A line whose household has
no head, in the register or among the good lines of the batch, is refused with `head-missing`, so
that the reject report holds the household whole and can be mended and sent again. A bad line of
any other member refuses only itself. Batches are cut between households.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from services.registry.imports.checking import Checked, HouseholdKey
from services.registry.imports.reasons import Reason
from services.registry.imports.rules import Fault, older_than_parent
from shared.ids import new_id

_HEAD = "0"
_SPOUSE = "1"

DwellingKey = tuple[str, str]  # region, 房屋编号
RoomKey = tuple[UUID, str]  # dwelling, 房间号
TakenKey = bytes | HouseholdKey  # the index of an id number, or a household


class Recorded(NamedTuple):
    """A registered person whom the batch names: what her record says, as checking.said has it,
    and whether she is registered with an id number."""

    person_id: UUID
    import_id: UUID | None
    has_number: bool
    said: str
    since: str
    home: str


class Standing(NamedTuple):
    """A registered household: whether it has a head, and the birth days (ordinals) of the head and
    the head's spouse."""

    id: UUID
    headed: bool
    parents: tuple[int, ...]


@dataclass
class Surroundings:
    """What the register already holds of what a batch names. `persons` are found by the index of
    their id number, `members` by checking.known_as: where one of the two sides has no number.
    `closed` are dwellings and rooms that stand no more, `elsewhere` keys that exist where the actor
    does not see them. `to_lock`: a line without an id number names a household that stands, which
    nobody else may enter anybody into until it is written."""

    persons: Mapping[bytes, Recorded] = field(default_factory=dict)
    members: Mapping[bytes, Recorded] = field(default_factory=dict)
    households: Mapping[HouseholdKey, Standing] = field(default_factory=dict)
    dwellings: Mapping[DwellingKey, UUID] = field(default_factory=dict)
    rooms: Mapping[RoomKey, UUID] = field(default_factory=dict)
    closed: Collection[UUID] = ()
    elsewhere: Collection[TakenKey] = ()
    to_lock: bool = False


@dataclass
class Decision:
    """What to write. Persons come with the household and the room they are put into; `flagged`
    are entered and pointed out."""

    persons: list[tuple[Checked, UUID | None, UUID | None]] = field(default_factory=list)
    households: dict[HouseholdKey, tuple[UUID, str]] = field(default_factory=dict)
    dwellings: dict[DwellingKey, tuple[UUID, str]] = field(default_factory=dict)
    rooms: dict[RoomKey, UUID] = field(default_factory=dict)
    rejects: list[tuple[Checked, Fault]] = field(default_factory=list)
    flagged: list[tuple[Checked, Fault]] = field(default_factory=list)
    looked_at: list[UUID] = field(default_factory=list)
    unchanged: int = 0


def surrounded(
    good: Sequence[Checked], around: Surroundings, before: Decision, import_id: UUID
) -> Surroundings:
    """What surrounds a batch that was looked around for while the one `before` was being written:
    what was seen, and what that one entered, if it was not seen already."""
    numbers = {each.id_index for each in good if each.id_index}
    households = {each.household for each in good if each.household}
    unnumbered = {each.household for each in good if each.household and each.id_index is None}
    named = [
        each
        for each, _, _ in before.persons
        if each.id_index in numbers or each.household in households
    ]
    entered = {each.id_index or each.known_as: _entered(each, import_id) for each in named}
    return replace(
        around,
        persons={**around.persons, **entered},
        members={**around.members, **entered},
        households=_grown(around.households, named, before),
        dwellings={**around.dwellings, **{k: id_ for k, (id_, _) in before.dwellings.items()}},
        rooms={**around.rooms, **before.rooms},
        to_lock=around.to_lock or not unnumbered.isdisjoint(before.households),
    )


def _entered(each: Checked, import_id: UUID) -> Recorded:
    numbered = each.id_index is not None
    return Recorded(each.person_id, import_id, numbered, each.said, each.since, each.home)


def _grown(
    seen: Mapping[HouseholdKey, Standing], named: Sequence[Checked], before: Decision
) -> dict[HouseholdKey, Standing]:
    """Households with those whom the batch before entered into them; a new one has its head."""
    grown = {key: Standing(id_, True, ()) for key, (id_, _) in before.households.items()}
    grown.update(seen)
    for each in named:
        if each.household in grown and each.relation in (_HEAD, _SPOUSE):
            id_, headed, parents = grown[each.household]
            headed = headed or each.relation == _HEAD
            grown[each.household] = Standing(id_, headed, (*parents, each.born))
    return grown


def decide(good: Sequence[Checked], around: Surroundings, import_id: UUID) -> Decision:
    """Sort a batch into persons to enter, lines that change nothing, and refused lines."""
    decision = Decision()
    candidates = list(_unregistered(good, around, import_id, decision))
    heads = _heads(candidates, around)
    for each in candidates:
        fault = _household_fault(each, heads, around) if each.household else None
        if fault is not None:
            decision.rejects.append((each, fault))
            continue
        household = _household_of(each, heads, around, decision)
        room = _room_of(each, around, decision) if each.dwelling else None
        decision.persons.append((each, household, room))
    _point_out_children(decision, around)
    return decision


def _unregistered(
    good: Sequence[Checked], around: Surroundings, import_id: UUID, decision: Decision
) -> Iterator[Checked]:
    """Good lines of people who are not registered yet; the others are settled on the way."""
    seen: dict[bytes, Checked] = {}
    for each in good:
        key = each.id_index or each.known_as
        recorded, member = around.persons.get(key), around.members.get(each.known_as)
        if each.id_index is None:
            recorded = member
        elif recorded is None and member is not None and not member.has_number:
            decision.rejects.append((each, Fault(Reason.NUMBER_TO_ADD, "身份证号")))
            continue
        if recorded is not None:
            decision.looked_at.append(recorded.person_id)
            _compare(each, recorded, import_id, decision)
        elif key in seen:
            decision.rejects.append((each, _twice(each, seen[key].home)))
        elif key in around.elsewhere:
            decision.rejects.append((each, Fault(Reason.ALREADY_REGISTERED, "身份证号")))
        elif _home_closed(each, around):
            decision.rejects.append((each, Fault(Reason.HOME_CLOSED, "房屋编号")))
        else:
            seen[key] = each
            yield each


def _home_closed(each: Checked, around: Surroundings) -> bool:
    """Whether nobody can live there any more: the building, or the room in it, was closed."""
    if each.dwelling is None or each.room is None:
        return False
    dwelling = around.dwellings.get((each.home, each.dwelling))
    if dwelling is None:
        return False
    return dwelling in around.closed or around.rooms.get((dwelling, each.room)) in around.closed


def _compare(each: Checked, recorded: Recorded, import_id: UUID, decision: Decision) -> None:
    same = each.said == recorded.said and (not each.since or each.since == recorded.since)
    if recorded.import_id == import_id:
        decision.rejects.append((each, _twice(each, recorded.home)))
    elif not same:
        decision.rejects.append((each, Fault(Reason.ALREADY_REGISTERED, "身份证号")))
    else:
        decision.unchanged += 1


def _twice(each: Checked, home: str) -> Fault:
    """Why the second line of a person is refused whose first says that she lives in `home`."""
    if each.home and home and each.home != home:
        return Fault(Reason.TWO_RESIDENCES, "居住地")
    if each.id_index is None:
        return Fault(Reason.DUPLICATE_PERSON, "姓名")
    return Fault(Reason.DUPLICATE_ID, "身份证号")


def _heads(
    candidates: Sequence[Checked], around: Surroundings
) -> dict[HouseholdKey, Checked | None]:
    """The head of every household that has one: a line of the batch, or None for the register."""
    heads: dict[HouseholdKey, Checked | None] = {
        key: None for key, standing in around.households.items() if standing.headed
    }
    for each in candidates:
        if each.relation == _HEAD and each.household is not None:
            heads.setdefault(each.household, each)
    return heads


def _household_fault(
    each: Checked, heads: Mapping[HouseholdKey, Checked | None], around: Surroundings
) -> Fault | None:
    key = each.household
    if key in around.elsewhere and key not in around.households:
        return Fault(Reason.HOUSEHOLD_ELSEWHERE, "户号")
    if key is None or key not in heads:
        return Fault(Reason.HEAD_MISSING, "与户主关系")
    if each.relation == _HEAD and heads[key] is not each:
        return Fault(Reason.SECOND_HEAD, "与户主关系")
    return None


def _household_of(
    each: Checked,
    heads: Mapping[HouseholdKey, Checked | None],
    around: Surroundings,
    decision: Decision,
) -> UUID | None:
    """The household's id; a new one lies where its head belongs."""
    key = each.household
    if key is None:
        return None
    if key in around.households:
        return around.households[key].id
    if key not in decision.households:
        decision.households[key] = new_id(), (heads[key] or each).place
    return decision.households[key][0]


def _room_of(each: Checked, around: Surroundings, decision: Decision) -> UUID | None:
    if each.dwelling is None or each.room is None:
        return None
    key = each.home, each.dwelling
    dwelling = around.dwellings.get(key)
    if dwelling is None:
        if key not in decision.dwellings:
            decision.dwellings[key] = new_id(), each.use
        dwelling = decision.dwellings[key][0]
    room = dwelling, each.room
    known = around.rooms.get(room) or decision.rooms.get(room)
    if known is None:
        known = decision.rooms[room] = new_id()
    return known


def _point_out_children(decision: Decision, around: Surroundings) -> None:
    """Entered lines of a son or daughter not younger than the head or the head's spouse. They may
    be right (a stepmother), so they are entered; somebody should look."""
    parents: dict[HouseholdKey, list[int]] = {}
    for each, _, _ in decision.persons:
        if each.household is not None and each.relation in (_HEAD, _SPOUSE):
            parents.setdefault(each.household, []).append(each.born)
    for each, _, _ in decision.persons:
        if each.household is None:
            continue
        registered = around.households.get(each.household)
        born = [*parents.get(each.household, ()), *(registered.parents if registered else ())]
        if older_than_parent(each.relation, each.born, born):
            decision.flagged.append((each, Fault(Reason.CHILD_OLDER, "出生日期")))
