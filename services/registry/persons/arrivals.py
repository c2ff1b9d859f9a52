"""What events of the migrant service and notices of other counties change in the register.

Events may come late or out of order: the newest stay decides where somebody lives now, an older
one only joins her history. What contradicts the register becomes a task for a clerk, and the
events behind it go on.
"""

from datetime import date
from uuid import UUID

from services.registry.dwellings.models import Dwelling
from services.registry.dwellings.queries import require_room
from services.registry.errors import HomeClosed, RoomNotFound
from services.registry.persons.handlers import keep_version, leave, move, register_person
from services.registry.persons.models import Person, PersonStatus, Residence, ResidenceKind
from services.registry.persons.queries import find_by_id_number, find_person
from services.registry.persons.rules import agrees_with_id_number, kind_of_residence
from services.registry.persons.schemas import (
    NoteArrival,
    NoteArrivalElsewhere,
    NoteBirthElsewhere,
    NoteDeparture,
    RegisterPerson,
    ResidenceInput,
)
from services.registry.persons.stays import kept_apart
from services.registry.regions.queries import known_regions
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.codes import parse_resident_id
from shared.db import Tx
from shared.events.registry import ArrivalDoubted, PersonCorrected, PersonsMerged
from shared.ids import new_id
from shared.subjects import merge_subject

# A stay that only got another code on a day (区划变更) goes on: nobody came or left that day.
_LATEST_STAY = """
SELECT max(CASE WHEN r.until IS NULL AND r.cause = 'region-changed' THEN NULL
                WHEN EXISTS (SELECT FROM residences AS n WHERE n.person_id = r.person_id
                             AND n.cause = 'region-changed' AND n.since = r.until) THEN r.since
                ELSE coalesce(r.until, r.since) END)
FROM residences AS r WHERE r.person_id = $1
"""

_DOUBTS = {
    TaskKind.DECEASED_PERSON: "recorded-dead",
    TaskKind.ID_NUMBER_CONFLICT: "id-number-conflict",
    TaskKind.UNKNOWN_REGION: "unknown-region",
}


async def note_arrival(command: NoteArrival, tx: Tx) -> None:
    """Register somebody who arrived, or set where she lives now. An id number that the register
    has under another id makes the desk's id an alias of that one."""
    await lock_id_number(command.id_number, tx)
    command = await _placed(command, tx)
    person = await find_by_id_number(command.id_number, tx, lock=True)
    of_desk = await find_person(command.person_id, tx, lock=True)
    if person is None and of_desk is None:
        await _register(command, tx)
        return
    if person is None and of_desk is not None and _may_have_number(of_desk, command.id_number):
        await _take_number(of_desk, command.id_number, tx)
        person = of_desk
    if person is None or (of_desk is not None and of_desk.id != person.id):
        await _ask_about_arrival(TaskKind.ID_NUMBER_CONFLICT, command, person or of_desk, tx)
        return
    if of_desk is None:
        await _alias(command.person_id, person, tx)
    if person.status == PersonStatus.DECEASED:
        await _ask_about_arrival(TaskKind.DECEASED_PERSON, command, person, tx)
        return
    room_id = await _room_of(command, tx)
    await _settle(person, _stay(person, command.region, command.arrived_on, room_id), tx)


async def note_departure(command: NoteDeparture, tx: Tx) -> None:
    """Close the stay that somebody left, when it is the one she is in."""
    person = await find_person(command.person_id, tx, lock=True)
    if person is None:
        await open_task(
            OpenTask(
                kind=TaskKind.UNKNOWN_PERSON,
                source="departure",
                source_id=command.departure_id,
                region=command.region,
                other_region=command.to_region,
                happened_on=command.departed_on,
            ),
            tx,
        )
        return
    tx.saw(person.id, "residence")
    lives_there = person.residence_region is not None and (
        person.residence_region.startswith(command.region)
        or command.region.startswith(person.residence_region)
    )
    newer = person.residence_since is not None and person.residence_since > command.departed_on
    if not lives_there or newer:
        return
    if command.to_region is not None and len(command.to_region) >= 6:
        await move(person, _stay(person, command.to_region, command.departed_on), tx)
    else:
        await leave(person, command.departed_on, tx)
    person.updated_at = tx.now
    await tx.save(person)


async def note_arrival_elsewhere(command: NoteArrivalElsewhere, tx: Tx) -> None:
    """One of our people lives in another county now: at home she counts as absent (人在外)."""
    person = await named_in_notice(command.id_number, tx)
    kind = _contradiction(person)
    if person is None or kind is not None:
        await open_task(
            OpenTask(
                kind=kind or TaskKind.UNKNOWN_PERSON,
                source="notice",
                source_id=command.notice_id,
                region=tx.actor.region,
                other_region=command.region,
                person_id=person.id if person else None,
                happened_on=command.arrived_on,
            ),
            tx,
        )
        return
    await _settle(person, _stay(person, command.region, command.arrived_on), tx)


async def note_birth_elsewhere(command: NoteBirthElsewhere, tx: Tx) -> None:
    """A child was registered in another county: its mother's household here may want a look."""
    mother = await named_in_notice(command.mother_id_number, tx)
    await open_task(
        OpenTask(
            kind=TaskKind.HOUSEHOLD_CHANGED if mother else TaskKind.UNKNOWN_PERSON,
            source="notice",
            source_id=command.notice_id,
            region=place_here(mother, tx) if mother else tx.actor.region,
            other_region=command.region,
            person_id=mother.id if mother else None,
            household_id=mother.household_id if mother else None,
            happened_on=command.born_on,
        ),
        tx,
    )
    if mother:
        tx.saw(mother.id, "household")


async def lock_id_number(id_number: str, tx: Tx) -> None:
    """Whoever else brings the same id number waits until this transaction ends: two desks may
    meet the same newcomer at once."""
    index = tx.vault.index(id_number, "id_number")
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(index[:8], "big", signed=True)
    )


async def named_in_notice(id_number: str | None, tx: Tx) -> Person | None:
    """Whom a notice speaks of, locked; None when it names nobody, or nobody of ours."""
    return await find_by_id_number(id_number, tx, lock=True) if id_number else None


def _contradiction(person: Person | None) -> TaskKind | None:
    if person is None:
        return TaskKind.UNKNOWN_PERSON
    return TaskKind.DECEASED_PERSON if person.status == PersonStatus.DECEASED else None


def place_here(person: Person, tx: Tx) -> str:
    """The narrowest place of a person inside this county, so that its office sees the task."""
    places = (person.hukou_region, person.residence_region, person.left_region)
    return next((each for each in places if each and tx.actor.covers(each)), tx.actor.region)


async def _placed(command: NoteArrival, tx: Tx) -> NoteArrival:
    """The arrival in a place that the register knows: the smallest there is around what the desk
    wrote. A clerk is asked about another."""
    around = [command.region[:digits] for digits in (len(command.region), 9, 6)]
    known = await known_regions(around, tx)
    region = next((each for each in around if each in known), command.region)
    if region != command.region:
        person = await find_person(command.person_id, tx)
        await _ask_about_arrival(TaskKind.UNKNOWN_REGION, command, person, tx)
    return command.model_copy(update={"region": region})


async def _register(command: NoteArrival, tx: Tx) -> None:
    """A home whose code is from before the first list, or was split since, stays as it was written,
    and a clerk is asked."""
    parsed = parse_resident_id(command.id_number)
    old_home = not await known_regions([command.origin_region], tx)
    await register_person(
        RegisterPerson(
            name=command.name,
            sex=parsed.sex,
            birth_date=parsed.birth_date,
            id_number=command.id_number,
            hukou_region=command.origin_region,
            residence=ResidenceInput(
                region=command.region,
                kind=ResidenceKind(kind_of_residence(command.origin_region, command.region)),
                since=command.arrived_on,
                room_id=await _room_of(command, tx),
            ),
        ),
        tx,
        person_id=command.person_id,
        old_home=old_home,
    )
    if old_home:
        person = await find_person(command.person_id, tx)
        await _ask_about_arrival(TaskKind.UNKNOWN_REGION, command, person, tx, "unknown-home")


async def _room_of(command: NoteArrival, tx: Tx) -> UUID | None:
    """The room the desk wrote down, when there is one to live in: she has arrived either way, and
    a clerk finds out where."""
    if command.room_id is None:
        return None
    doubt = await room_doubt(command.room_id, command.region, command.arrived_on, tx)
    if doubt is None:
        return command.room_id
    person = await find_person(command.person_id, tx)
    await _ask_about_arrival(TaskKind.UNKNOWN_ROOM, command, person, tx, doubt)
    return None


async def room_doubt(room_id: UUID, region: str, on: date, tx: Tx) -> str | None:
    """What keeps somebody from living in a room of `region` on a day, as ArrivalDoubted says it;
    None where nothing does."""
    try:
        room = await require_room(room_id, tx, on)
    except RoomNotFound:
        return "unknown-room"
    except HomeClosed:
        return "closed-room"
    lies_in = (await tx.require(Dwelling, room.dwelling_id)).region
    inside = lies_in.startswith(region) or region.startswith(lies_in)
    return None if inside else "other-region"


def _may_have_number(person: Person, id_number: str) -> bool:
    """A record without a number, of the sex and birth date that the number says."""
    return person.id_number_index is None and agrees_with_id_number(
        id_number, person.sex, person.birth_date
    )


async def _take_number(person: Person, id_number: str, tx: Tx) -> None:
    await keep_version(person, ["id_number"], "流入登记补录 / from the arrival", tx)
    person.id_number_sealed = tx.vault.seal(id_number, f"persons.id_number:{person.id}")
    person.id_number_index = tx.vault.index(id_number, "id_number")
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=["id_number"]))


async def _alias(alias_id: UUID, person: Person, tx: Tx) -> None:
    """The desk's new id means somebody we know: say so to every service."""
    await tx.execute(
        "INSERT INTO person_aliases (alias_id, person_id) VALUES ($1, $2)", alias_id, person.id
    )
    await merge_subject(person.id, alias_id, tx)
    tx.emit(PersonsMerged(kept_id=person.id, merged_id=alias_id))


async def _ask_about_arrival(
    kind: TaskKind,
    command: NoteArrival,
    person: Person | None,
    tx: Tx,
    doubt: str | None = None,
) -> None:
    """A task for a clerk of the register, and a word to the desk, where she can be asked."""
    tx.emit(
        ArrivalDoubted(
            arrival_id=command.arrival_id,
            person_id=command.person_id,
            region=command.region,
            doubt=doubt or _DOUBTS[kind],
            room_id=command.room_id,
        )
    )
    await open_task(
        OpenTask(
            kind=kind,
            source="arrival",
            source_id=command.arrival_id,
            region=command.region,
            other_region=command.origin_region,
            person_id=person.id if person else None,
            happened_on=command.arrived_on,
        ),
        tx,
    )


def _stay(person: Person, region: str, since: date, room_id: UUID | None = None) -> ResidenceInput:
    return ResidenceInput(
        region=region,
        kind=ResidenceKind(kind_of_residence(person.hukou_region, region)),
        since=since,
        room_id=room_id,
    )


async def _settle(person: Person, stay: ResidenceInput, tx: Tx) -> None:
    """She lives there, unless the register knows of a later stay."""
    tx.saw(person.id, "residence")
    latest = await tx.fetch_value(_LATEST_STAY, person.id)
    if latest is not None and latest > stay.since:
        await _remember(person, stay, tx)
        return
    if (person.residence_region, person.room_id) == (stay.region, stay.room_id):
        return
    await move(person, stay, tx)
    person.updated_at = tx.now
    await tx.save(person)


async def _remember(person: Person, stay: ResidenceInput, tx: Tx) -> None:
    """A stay that ended before we heard of it: it began when the one before it ended, and lasted
    until the next one known began, or until she left. Of two that began on one day, the one known
    before lasted."""
    known = await tx.fetch_value(
        "SELECT 1 FROM residences WHERE person_id = $1 AND region = $2 AND since = $3",
        person.id,
        stay.region,
        stay.since,
    )
    if known:
        return
    until = await tx.fetch_value(
        "SELECT coalesce(min(since) FILTER (WHERE since > $2 OR (since = $2"
        " AND (until IS NULL OR until > since))), max(until)) FROM residences WHERE person_id = $1",
        person.id,
        stay.since,
    )
    async with kept_apart(person.id, stay.since, until, tx):
        await tx.execute(
            "UPDATE residences SET until = $2, recorded_at = $3, recorded_by = $4"
            " WHERE person_id = $1 AND since < $2 AND until > $2",
            person.id,
            stay.since,
            tx.now,
            tx.actor.sub,
        )
        await tx.add(
            Residence(
                id=new_id(),
                person_id=person.id,
                region=stay.region,
                kind=stay.kind,
                room_id=stay.room_id,
                since=stay.since,
                until=until,
                recorded_at=tx.now,
                recorded_by=tx.actor.sub,
            )
        )
