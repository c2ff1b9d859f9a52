"""Reading persons. Every function that returns a view leaves a usage entry."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from services.registry.errors import PersonNotFound
from services.registry.persons.models import (
    Person,
    PersonStatus,
    PersonVersion,
    Residence,
    ResidenceKind,
)
from services.registry.persons.rules import is_separated, shown_id_number, shown_phone
from services.registry.persons.schemas import (
    HistoryView,
    PersonView,
    ResidenceView,
    SearchPersons,
    VersionView,
)
from shared.codes import Sex
from shared.db import Tx
from shared.usage import Purpose

SEARCH_LIMIT = 20


async def require_person(person_id: UUID, tx: Tx, *, lock: bool = False) -> Person:
    """The record, following a merge or an alias to the record that was kept. Raises
    PersonNotFound."""
    person = await find_person(person_id, tx, lock=lock)
    if person is None:
        raise PersonNotFound()
    return person


async def find_person(person_id: UUID, tx: Tx, *, lock: bool = False) -> Person | None:
    """Like `require_person`, but None when there is no such person here."""
    person = await tx.get(Person, person_id, lock=lock)
    if person is None:
        kept = await tx.fetch_value(
            "SELECT person_id FROM person_aliases WHERE alias_id = $1", person_id
        )
        return None if kept is None else await tx.get(Person, kept, lock=lock)
    if person.merged_into is not None:
        return await tx.get(Person, person.merged_into, lock=lock)
    return person


async def find_by_id_number(id_number: str, tx: Tx, *, lock: bool = False) -> Person | None:
    """Whose id number it is, or None. The caller notes the look."""
    query = select(Person).where(
        col(Person.id_number_index) == tx.vault.index(id_number, "id_number"),
        col(Person.status) != PersonStatus.MERGED,
    )
    found = await tx.find(Person, query.with_for_update() if lock else query)
    return found[0] if found else None


async def get_person(person_id: UUID, tx: Tx) -> PersonView:
    person = await require_person(person_id, tx)
    tx.saw(person.id, "person")
    return view_of(person, tx)


async def find_persons(search: SearchPersons, tx: Tx) -> Sequence[PersonView]:
    """At most SEARCH_LIMIT matches; each leaves a usage entry."""
    query = select(Person).where(col(Person.status) != PersonStatus.MERGED).limit(SEARCH_LIMIT)
    if search.id_number:
        query = query.where(
            col(Person.id_number_index) == tx.vault.index(search.id_number, "id_number")
        )
    if search.phone:
        query = query.where(col(Person.phone_index) == tx.vault.index(search.phone, "phone"))
    if search.name:
        query = query.where(col(Person.name) == search.name)
    if search.birth_date:
        query = query.where(col(Person.birth_date) == search.birth_date)
    found = await tx.find(Person, query.order_by(col(Person.id)))
    for person in found:
        tx.saw(person.id, "person")
    return [view_of(person, tx) for person in found]


async def get_history(person_id: UUID, tx: Tx) -> HistoryView:
    person = await require_person(person_id, tx)
    residences = await tx.find(
        Residence,
        "SELECT * FROM residences WHERE person_id = $1 ORDER BY since, recorded_at",
        person.id,
    )
    versions = await tx.find(
        PersonVersion,
        "SELECT * FROM person_versions WHERE person_id = $1 ORDER BY version",
        person.id,
    )
    tx.saw(person.id, "history")
    return HistoryView(
        residences=[
            ResidenceView(
                region=each.region,
                kind=ResidenceKind(each.kind),
                since=each.since,
                until=each.until,
                room_id=each.room_id,
            )
            for each in residences
        ],
        versions=[
            VersionView(**each.model_dump(exclude={"person_id", "before_sealed"}))
            for each in versions
        ],
    )


def id_number_of(person: Person, tx: Tx) -> str | None:
    if person.id_number_sealed is None:
        return None
    return tx.vault.open(person.id_number_sealed, f"persons.id_number:{person.id}")


def phone_of(person: Person, tx: Tx) -> str | None:
    if person.phone_sealed is None:
        return None
    return tx.vault.open(person.phone_sealed, f"persons.phone:{person.id}")


def view_of(person: Person, tx: Tx) -> PersonView:
    """The record as the transaction's purpose may see it."""
    purpose = tx.purpose or Purpose.REGISTRATION
    number, phone = id_number_of(person, tx), phone_of(person, tx)
    return PersonView(
        id=person.id,
        version=person.version,
        status=person.status,
        name=person.name,
        sex=Sex(person.sex),
        birth_date=person.birth_date,
        nationality=person.nationality,
        id_number=shown_id_number(number, purpose) if number else None,
        phone=shown_phone(phone, purpose) if phone else None,
        hukou_region=person.hukou_region,
        residence=_residence_of(person),
        separated=is_separated(person.hukou_region, person.residence_region),
        household_id=person.household_id,
        household_relation=person.household_relation,
        updated_at=person.updated_at,
    )


def _residence_of(person: Person) -> ResidenceView | None:
    if not (person.residence_region and person.residence_kind and person.residence_since):
        return None
    return ResidenceView(
        region=person.residence_region,
        kind=ResidenceKind(person.residence_kind),
        since=person.residence_since,
        room_id=person.room_id,
    )
