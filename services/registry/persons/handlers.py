"""Writing persons."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from services.registry.errors import AlreadyRegistered, ContradictsIdNumber, RecordClosed
from services.registry.persons.models import Person, PersonStatus, PersonVersion, Residence
from services.registry.persons.queries import id_number_of, require_person, view_of
from services.registry.persons.rules import agrees_with_id_number, region_left
from services.registry.persons.schemas import (
    CorrectPerson,
    PersonView,
    RegisterPerson,
    ResidenceInput,
)
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.events.registry import (
    PersonCorrected,
    PersonRegistered,
    ResidenceChanged,
    ResidenceEnded,
)
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction, StaleVersion


async def register_person(
    command: RegisterPerson, tx: Tx, *, person_id: UUID | None = None
) -> PersonView:
    """Enter a person. Raises AlreadyRegistered when the id number is known, OutsideJurisdiction
    when neither household register nor home is in the actor's region, UnknownRegion."""
    places = [command.hukou_region]
    if command.residence:
        places.append(command.residence.region)
    if not any(tx.actor.covers(place) for place in places):
        raise OutsideJurisdiction()
    for place in places:
        await require_region(place, tx)
    await require_household(command.household_id, tx)
    index = tx.vault.index(command.id_number, "id_number") if command.id_number else None
    if index is not None and await _known(index, tx):
        raise AlreadyRegistered()
    person = _new_person(command, person_id or new_id(), tx)
    await tx.add(person)
    if command.residence:
        await tx.add(_residence(person.id, command.residence, tx))
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
    """Change what `command` names and keep what the record said before. Raises StaleVersion,
    RecordClosed, ContradictsIdNumber, UnknownRegion."""
    person = await require_person(person_id, tx, lock=True)
    if person.version != version:
        raise StaleVersion()
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    tx.saw(person.id, "person")
    changed = _changes(command, person, tx)
    if not changed:
        return view_of(person, tx)
    if "hukou_region" in changed:
        await require_region(changed["hukou_region"], tx)
    await keep_version(person, sorted(changed), command.reason, tx)
    left = (person.hukou_region, person.residence_region, person.left_region)
    for field, value in changed.items():
        if field != "residence_region":  # `move` sets it, and has to know where she lived before
            setattr(person, field, value)
    person.left_region = region_left(tx.actor, person.hukou_region, person.residence_region, *left)
    number = id_number_of(person, tx)
    if number and not agrees_with_id_number(number, person.sex, person.birth_date):
        raise ContradictsIdNumber()
    if command.residence and "residence_region" in changed:
        await move(person, command.residence, tx)
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(
        PersonCorrected(person_id=person.id, region=person.hukou_region, fields=_published(changed))
    )
    return view_of(person, tx)


async def move(person: Person, to: ResidenceInput, tx: Tx) -> None:
    """Close the open residence and open the new one; the caller saves `person`. Raises
    UnknownRegion."""
    await require_region(to.region, tx)
    left = person.residence_region
    await tx.execute(
        "UPDATE residences SET until = greatest(since, $2) WHERE person_id = $1 AND until IS NULL",
        person.id,
        to.since,
    )
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
    `person`."""
    if person.residence_region is None:
        return
    await tx.execute(
        "UPDATE residences SET until = greatest(since, $2) WHERE person_id = $1 AND until IS NULL",
        person.id,
        on,
    )
    tx.emit(ResidenceEnded(person_id=person.id, region=person.residence_region, ended_on=on))
    person.left_region = region_left(tx.actor, person.hukou_region, None, person.residence_region)
    person.residence_region = None
    person.residence_kind = None
    person.residence_since = None
    person.room_id = None


async def require_household(household_id: UUID | None, tx: Tx) -> None:
    """Raises NotFound for a household that is closed, or not to be seen here."""
    if household_id is not None and not await tx.fetch_value(
        "SELECT 1 FROM households WHERE id = $1 AND closed_at IS NULL", household_id
    ):
        raise NotFound()


async def _known(index: bytes, tx: Tx) -> bool:
    return bool(
        await tx.fetch_value(
            "SELECT 1 FROM persons WHERE id_number_index = $1 AND status <> 'merged'", index
        )
    )


def _new_person(command: RegisterPerson, person_id: UUID, tx: Tx) -> Person:
    residence = command.residence
    person = Person(
        id=person_id,
        name=command.name,
        sex=command.sex,
        birth_date=command.birth_date,
        nationality=command.nationality,
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
    sealed = _sealed("id_number", command.id_number, person_id, tx)
    for column, value in (sealed | _sealed("phone", command.phone, person_id, tx)).items():
        setattr(person, column, value)
    return person


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
    given = command.model_dump(exclude_none=True, exclude={"reason", "residence"})
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


async def keep_version(person: Person, fields: list[str], reason: str, tx: Tx) -> None:
    """Keep what the record says before `fields` of it change; the caller then changes and saves."""
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
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
