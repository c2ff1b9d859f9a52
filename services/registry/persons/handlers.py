"""Writing persons."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from services.registry.dwellings.queries import require_room
from services.registry.errors import (
    AlreadyRegistered,
    ContradictsIdNumber,
    ImpossibleDay,
    RecordClosed,
    SecondHead,
)
from services.registry.persons.hukou import correct_hukou, move_hukou
from services.registry.persons.keeping import require_kept_here
from services.registry.persons.models import (
    Person,
    PersonStatus,
    PersonVersion,
    Residence,
    ResidenceKind,
)
from services.registry.persons.queries import id_number_of, require_person, view_of
from services.registry.persons.rules import (
    agrees_with_id_number,
    kind_of_residence,
    region_left,
)
from services.registry.persons.schemas import (
    CorrectPerson,
    PersonView,
    RegisterPerson,
    ResidenceInput,
)
from services.registry.persons.stays import kept_apart, overlapping
from services.registry.regions.queries import require_region
from shared.codes import FamilyRelation
from shared.db import Tx
from shared.events.registry import (
    PersonCorrected,
    PersonRegistered,
    ResidenceChanged,
    ResidenceEnded,
)
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction, StaleVersion

_END_STAY = (
    "UPDATE residences SET until = greatest(since, $2), recorded_at = $3, recorded_by = $4"
    " WHERE person_id = $1 AND "
)
_LAST_STAY = (
    "SELECT id, since, until FROM residences WHERE person_id = $1"
    " ORDER BY coalesce(until, since) DESC, since DESC LIMIT 1"
)
_END_OPEN_STAY = _END_STAY + "until IS NULL"
# Beside the open stay the one it goes on from, when an area only got another code (区划变更) after
# the day that she is now known to have moved.
_END_STAYS = _END_STAY + "(until IS NULL OR until > $2)"


async def register_person(
    command: RegisterPerson,
    tx: Tx,
    *,
    person_id: UUID | None = None,
    alone: bool = False,
    old_home: bool = False,
) -> PersonView:
    """Enter a person; `alone` where nothing else in the transaction reads her stay, `old_home`
    where the code of her household register is kept though it is no region of today. Raises
    AlreadyRegistered when the id number is known, OutsideJurisdiction when neither household
    register nor home is in the actor's region, UnknownRegion, RoomNotFound, HomeClosed."""
    places = [command.hukou_region]
    if command.residence:
        places.append(command.residence.region)
    if not any(tx.actor.covers(place) for place in places):
        raise OutsideJurisdiction()
    for place in places[1:] if old_home else places:
        await require_region(place, tx)
    await require_household(command.household_id, tx, command.household_relation)
    if command.residence and command.residence.room_id:
        await require_room(command.residence.room_id, tx, command.residence.since)
    person = _new_person(command, person_id or new_id(), tx)
    if not await tx.add_if_new(person):  # the index decides; asking it first would race
        raise AlreadyRegistered()
    if command.residence:
        stay = _residence(person.id, command.residence, tx)
        if alone:
            tx.add_last(stay)
        else:
            await tx.add(stay)
    tx.emit(
        PersonRegistered(
            person_id=person.id,
            hukou_region=person.hukou_region,
            residence_region=person.residence_region,
            residence_kind=person.residence_kind,
            registered_on=tx.today,
        )
    )
    tx.saw(person.id, "person")
    return view_of(person, tx)


async def correct_person(
    command: CorrectPerson, person_id: UUID, version: int, tx: Tx
) -> PersonView:
    """Put right what had always been wrong (更正), or note what became different on a day (变更,
    `changed_on`); what the record said before is kept. Raises StaleVersion, RecordClosed,
    ContradictsIdNumber, UnknownRegion, RoomNotFound, HomeClosed, ImpossibleDay,
    OverlappingStays."""
    person = await require_person(person_id, tx, lock=True)
    if person.version != version:
        raise StaleVersion()
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    tx.saw(person.id, "person")
    changed = _changes(command, person, tx)
    if not changed:
        return view_of(person, tx)
    if command.changed_on:
        await _refuse_impossible_day(command.changed_on, changed, person, tx)
    if command.residence and "residence_region" in changed:
        await _refuse_impossible_stay(person, command.residence, tx)
    await keep_version(person, sorted(changed), command.reason, tx, changed_on=command.changed_on)
    for field, value in changed.items():
        if field not in ("hukou_region", "residence_region"):  # facts of their own, with a past
            setattr(person, field, value)
    number = id_number_of(person, tx)
    if number and not agrees_with_id_number(number, person.sex, person.birth_date):
        raise ContradictsIdNumber()
    if "hukou_region" in changed:
        await _write_hukou(person, changed["hukou_region"], command.changed_on, tx)
        if "residence_region" not in changed:
            await _settle_for_good(person, command.changed_on, tx)
    if command.residence and "residence_region" in changed:
        await move(person, command.residence, tx)
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(
        PersonCorrected(
            person_id=person.id,
            region=person.hukou_region,
            fields=_published(changed),
            changed_on=command.changed_on,
        )
    )
    return view_of(person, tx)


async def _write_hukou(person: Person, region: str, changed_on: date | None, tx: Tx) -> None:
    if changed_on:
        await move_hukou(person, region, changed_on, tx)
    else:
        await correct_hukou(person, region, tx)


async def _settle_for_good(person: Person, changed_on: date | None, tx: Tx) -> None:
    """With her register where she lives she is no migrant there, since that day or ever."""
    home, since = person.residence_region, person.residence_since
    if home is None or since is None or person.residence_kind != ResidenceKind.MIGRANT:
        return
    if kind_of_residence(person.hukou_region, home) != ResidenceKind.USUAL:
        return
    if changed_on and changed_on > since:
        stay = ResidenceInput(
            region=home, kind=ResidenceKind.USUAL, since=changed_on, room_id=person.room_id
        )
        await move(person, stay, tx)
        return
    person.residence_kind = ResidenceKind.USUAL
    await tx.execute(
        "UPDATE residences SET kind = 'usual', recorded_at = $2, recorded_by = $3"
        " WHERE person_id = $1 AND until IS NULL",
        person.id,
        tx.now,
        tx.actor.sub,
    )


async def _refuse_impossible_day(
    day: date, changed: dict[str, Any], person: Person, tx: Tx
) -> None:
    """Changes are recorded in the order they happened: the record says what holds now."""
    if day < person.birth_date:
        raise ImpossibleDay(reason="before-birth")
    later = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM person_versions WHERE person_id = $1 AND fields && $2::text[]"
        " AND changed_on > $3) OR ('hukou_region' = ANY($2::text[]) AND EXISTS"
        " (SELECT FROM hukou_moves WHERE person_id = $1 AND moved_on > $3))",
        person.id,
        sorted(changed),
        day,
    )
    if later:
        raise ImpossibleDay(reason="before-a-later-change")


async def _refuse_impossible_stay(person: Person, to: ResidenceInput, tx: Tx) -> None:
    """She lives in one place: a stay that began before the last one known did is a correction of
    that one, not a move."""
    if to.room_id:
        await require_room(to.room_id, tx, to.since)
    if to.since < person.birth_date:
        raise ImpossibleDay(reason="before-birth")
    latest = await tx.fetch_row(_LAST_STAY, person.id)
    if latest is not None and to.since < (latest["until"] or latest["since"]):
        raise overlapping(latest)


async def move(person: Person, to: ResidenceInput, tx: Tx) -> None:
    """Close the open residence and open the new one; the caller saves `person`. Raises
    UnknownRegion, RecordKeptElsewhere, OverlappingStays."""
    await require_kept_here(person.id, tx)
    await require_region(to.region, tx)
    left = person.residence_region
    async with kept_apart(person.id, to.since, None, tx):
        await tx.execute(_END_STAYS, person.id, to.since, tx.now, tx.actor.sub)
        await tx.add(_residence(person.id, to, tx))
    person.residence_region = to.region
    person.residence_kind = to.kind
    person.residence_since = to.since
    person.room_id = to.room_id
    person.left_region = region_left(
        tx.actor, person.hukou_region, to.region, left, person.left_region
    )
    tx.emit(
        ResidenceChanged(
            person_id=person.id,
            from_region=left,
            to_region=to.region,
            kind=to.kind,
            since=to.since,
        )
    )


async def leave(person: Person, on: date, tx: Tx) -> None:
    """Close the open residence, if there is one, with no new one known; the caller saves
    `person`. Raises RecordKeptElsewhere."""
    if person.residence_region is None:
        return
    await require_kept_here(person.id, tx)
    await tx.execute(_END_OPEN_STAY, person.id, on, tx.now, tx.actor.sub)
    tx.emit(ResidenceEnded(person_id=person.id, region=person.residence_region, ended_on=on))
    person.left_region = region_left(tx.actor, person.hukou_region, None, person.residence_region)
    person.residence_region = None
    person.residence_kind = None
    person.residence_since = None
    person.room_id = None


async def require_household(
    household_id: UUID | None, tx: Tx, relation: FamilyRelation | None = None
) -> None:
    """Raises NotFound for a household that is closed, or not to be seen here; SecondHead for
    whoever would come into it as its head: it has one, or a clerk names one of its members."""
    if household_id is None:
        return
    if not await tx.fetch_value(
        "SELECT 1 FROM households WHERE id = $1 AND closed_at IS NULL", household_id
    ):
        raise NotFound()
    if relation is FamilyRelation.HEAD:
        raise SecondHead()


def _new_person(command: RegisterPerson, person_id: UUID, tx: Tx) -> Person:
    residence = command.residence
    sealed = _sealed("id_number", command.id_number, person_id, tx)
    sealed |= _sealed("phone", command.phone, person_id, tx)
    return Person(
        id=person_id,
        name=command.name,
        sex=command.sex,
        birth_date=command.birth_date,
        nationality=command.nationality,
        id_number_sealed=sealed.get("id_number_sealed"),
        id_number_index=sealed.get("id_number_index"),
        phone_sealed=sealed.get("phone_sealed"),
        phone_index=sealed.get("phone_index"),
        hukou_region=command.hukou_region,
        household_id=command.household_id,
        household_relation=command.household_relation,
        residence_region=residence.region if residence else None,
        residence_kind=residence.kind if residence else None,
        residence_since=residence.since if residence else None,
        room_id=residence.room_id if residence else None,
        created_at=tx.now,
        updated_at=tx.now,
    )


def _sealed(field: str, value: str | None, person_id: UUID, tx: Tx) -> dict[str, bytes]:
    """The two columns of an encrypted field, or none when there is no value."""
    if value is None:
        return {}
    return {
        f"{field}_sealed": tx.vault.seal(value, f"persons.{field}:{person_id}"),
        f"{field}_index": tx.vault.index(value, field),
    }


def _residence(person_id: UUID, place: ResidenceInput, tx: Tx) -> Residence:
    return Residence(
        id=new_id(),
        person_id=person_id,
        region=place.region,
        kind=place.kind,
        room_id=place.room_id,
        since=place.since,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )


def _changes(command: CorrectPerson, person: Person, tx: Tx) -> dict[str, Any]:
    """Columns whose value the command changes."""
    given = command.model_dump(exclude_none=True, exclude={"reason", "residence", "changed_on"})
    columns: dict[str, Any] = {}
    for field, value in given.items():
        columns |= (
            _sealed(field, value, person.id, tx)
            if field in ("id_number", "phone")
            else {field: value}
        )
    changed = {
        column: value
        for column, value in columns.items()
        if column.endswith("_sealed") or getattr(person, column) != value
    }
    to = command.residence
    lives = (person.residence_region, person.residence_kind, person.room_id)
    if to and lives != (to.region, to.kind, to.room_id):
        changed["residence_region"] = to.region
    return changed


def _published(changed: dict[str, Any]) -> list[str]:
    names = {name.removesuffix("_sealed").removesuffix("_index") for name in changed}
    return sorted(names)


async def keep_version(
    person: Person,
    fields: list[str],
    reason: str,
    tx: Tx,
    *,
    changed_on: date | None = None,
    recoded: bool = False,
) -> None:
    """Keep what the record says before `fields` of it change; the caller then changes and saves.
    `changed_on` is the day they became different, None where they had always been wrong. Raises
    RecordKeptElsewhere, but where areas only get other codes (`recoded`)."""
    if not recoded:
        await require_kept_here(person.id, tx)
    before = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in person.model_dump().items()
    }
    text = json.dumps(before, default=_plain, ensure_ascii=False)
    await tx.add(
        PersonVersion(
            person_id=person.id,
            version=person.version,
            fields=fields,
            reason=reason,
            before_sealed=tx.vault.seal(text, f"person_versions:{person.id}:{person.version}"),
            changed_on=changed_on,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
