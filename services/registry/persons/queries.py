"""Reading persons. Every function that returns a view leaves a usage entry."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from services.registry.errors import PersonNotFound
from services.registry.persons.models import Person, PersonStatus, ResidenceKind
from services.registry.persons.rules import is_separated, shown_id_number, shown_phone
from services.registry.persons.schemas import (
    PersonDetail,
    PersonView,
    ResidenceView,
    SearchPersons,
    WorkplaceView,
)
from shared.codes import Sex
from shared.db import Tx
from shared.tables import loaded
from shared.usage import Purpose

SEARCH_LIMIT = 20

# The record and the facts beside it in one round trip: it is the look that desks make most.
_DETAIL = """
SELECT p.*,
       (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.since, w.id) FROM workplaces AS w
        WHERE w.person_id = p.id AND w.until IS NULL) AS workplaces,
       (SELECT max(m.moved_on) FROM hukou_moves AS m
        WHERE m.person_id = p.id AND m.cause = 'moved') AS hukou_since
FROM persons AS p WHERE p.id = $1 AND p.merged_into IS NULL
"""


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
    query = "SELECT * FROM persons WHERE id_number_index = $1 AND status <> 'merged'"
    index = tx.vault.index(id_number, "id_number")
    found = await tx.find(Person, f"{query} FOR UPDATE" if lock else query, index)
    return found[0] if found else None


async def get_person(person_id: UUID, tx: Tx) -> PersonDetail:
    """The record as it is now. Raises PersonNotFound."""
    found = await tx.look(_DETAIL, person_id, kind="person")
    if not found:
        kept = await require_person(person_id, tx)
        found = await tx.look(_DETAIL, kept.id, kind="person")
    (row,) = found
    person = loaded(Person, row)
    return PersonDetail(
        **_shown(person, tx),
        hukou_since=row["hukou_since"],
        workplaces=[WorkplaceView.model_validate(each) for each in row["workplaces"] or ()],
    )


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


async def contested_fields(person_id: UUID, tx: Tx) -> list[str] | None:
    """The fields whose correction she asked for, or appealed for, and that are not decided; None
    when there are none."""
    found: list[str] | None = await tx.fetch_value(
        "SELECT array_agg(DISTINCT r.field ORDER BY r.field) FROM correction_requests AS r"
        " LEFT JOIN correction_appeals AS a ON a.request_id = r.id"
        " WHERE r.person_id = $1 AND (r.status = 'open' OR a.status = 'open')",
        person_id,
    )
    return found


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
    return PersonView(**_shown(person, tx))


def _shown(person: Person, tx: Tx) -> dict[str, Any]:
    """The fields of a PersonView."""
    purpose = tx.purpose or Purpose.REGISTRATION
    number, phone = id_number_of(person, tx), phone_of(person, tx)
    return {
        "id": person.id,
        "version": person.version,
        "status": person.status,
        "name": person.name,
        "sex": Sex(person.sex),
        "birth_date": person.birth_date,
        "nationality": person.nationality,
        "id_number": shown_id_number(number, purpose) if number else None,
        "phone": shown_phone(phone, purpose) if phone else None,
        "hukou_region": person.hukou_region,
        "residence": _residence_of(person),
        "separated": is_separated(person.hukou_region, person.residence_region),
        "household_id": person.household_id,
        "household_relation": person.household_relation,
        "updated_at": person.updated_at,
        "contested": person.contested or [],
    }


def _residence_of(person: Person) -> ResidenceView | None:
    if not (person.residence_region and person.residence_kind and person.residence_since):
        return None
    return ResidenceView(
        region=person.residence_region,
        kind=ResidenceKind(person.residence_kind),
        since=person.residence_since,
        room_id=person.room_id,
    )
