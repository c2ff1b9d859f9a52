"""Putting right what a stay had always said wrong (居住更正). A move is another thing: it ends one
stay and begins the next (handlers.move)."""

from datetime import date, timedelta
from uuid import UUID

from services.registry.dwellings.queries import require_room
from services.registry.errors import ImpossibleDay, RecordClosed
from services.registry.persons.handlers import keep_version
from services.registry.persons.models import Person, PersonStatus, Residence
from services.registry.persons.past import stay_view
from services.registry.persons.queries import require_person
from services.registry.persons.rules import region_left
from services.registry.persons.schemas import CorrectStay, ResidenceView
from services.registry.persons.stays import kept_apart
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.events.registry import PersonCorrected
from shared.problems import NotFound


async def correct_stay(
    command: CorrectStay, person_id: UUID, residence_id: UUID, tx: Tx
) -> ResidenceView:
    """Change what `command` names; what the stay said before is kept as an earlier fact. Raises
    PersonNotFound, NotFound, RecordClosed, UnknownRegion, RoomNotFound, HomeClosed, ImpossibleDay,
    OverlappingStays."""
    person = await require_person(person_id, tx, lock=True)
    stay = await tx.require(Residence, residence_id, lock=True)
    if stay.person_id != person.id:
        raise NotFound()
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    tx.saw(person.id, "residence")
    given = command.model_dump(exclude_unset=True, exclude={"reason"})
    changed = {
        name: value for name, value in given.items() if value and getattr(stay, name) != value
    }
    if not changed:
        return stay_view(stay)
    if "until" in changed and stay.until is None:
        raise ImpossibleDay(reason="it-lasts")
    if "region" in changed:
        changed.setdefault("room_id", None)  # a room of the other place
    fields = sorted(f"residence_{name}" for name in changed)
    for name, value in changed.items():
        setattr(stay, name, value)
    _refuse_impossible(stay, person)
    if "region" in changed:
        await require_region(stay.region, tx, on=_last_day(stay))
    if changed.get("room_id"):
        await require_room(changed["room_id"], tx, stay.since)
    stay.recorded_at, stay.recorded_by = tx.now, tx.actor.sub
    async with kept_apart(person.id, stay.since, stay.until, tx, itself=stay.id):
        await tx.save(stay)
    await keep_version(person, fields, command.reason, tx)
    if stay.until is None:
        _copy(stay, person, tx)
    person.updated_at = tx.now
    await tx.save(person)
    tx.emit(PersonCorrected(person_id=person.id, region=person.hukou_region, fields=fields))
    return stay_view(stay)


def _last_day(stay: Residence) -> date | None:
    """The last day she lived there, None while she does: an area is named as it was then."""
    return None if stay.until is None else max(stay.since, stay.until - timedelta(days=1))


def _refuse_impossible(stay: Residence, person: Person) -> None:
    if stay.since < person.birth_date:
        raise ImpossibleDay(reason="before-birth")
    if stay.until is not None and stay.until < stay.since:
        raise ImpossibleDay(reason="before-it-began")


def _copy(stay: Residence, person: Person, tx: Tx) -> None:
    """The open stay stands once more in the record."""
    left = person.residence_region
    person.residence_region, person.residence_kind = stay.region, stay.kind
    person.residence_since, person.room_id = stay.since, stay.room_id
    person.left_region = region_left(
        tx.actor, person.hukou_region, stay.region, left, person.left_region
    )
