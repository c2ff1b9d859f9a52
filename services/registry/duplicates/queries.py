"""Reading candidate pairs."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.duplicates.models import Decision, Duplicate
from services.registry.duplicates.schemas import DuplicateView, SideView
from services.registry.persons.models import Person
from services.registry.persons.queries import id_number_of
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

# A pair is listed where either record lies in the region asked for; row-level security hides it
# unless the caller may see both. Once one of them is merged, an open pair waits for that to be
# undone: the next search proposes the kept record.
_PAGE = """
SELECT duplicates.* FROM duplicates
JOIN persons AS first ON first.id = first_id
JOIN persons AS second ON second.id = second_id
WHERE duplicates.status = $1 AND duplicates.id > $2
  AND (duplicates.status <> 'open' OR (first.status <> 'merged' AND second.status <> 'merged'))
  AND (starts_with(first.hukou_region, $3) OR starts_with(first.residence_region, $3)
       OR starts_with(first.left_region, $3) OR starts_with(second.hukou_region, $3)
       OR starts_with(second.residence_region, $3) OR starts_with(second.left_region, $3))
ORDER BY duplicates.id LIMIT $4
"""


async def list_duplicates(
    status: Decision, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[DuplicateView]:
    """Pairs in the order they were found."""
    found = await tx.find(
        Duplicate,
        _PAGE,
        status.value,
        id_in(cursor) or BEFORE_ALL,
        narrow(tx.actor, region),
        limit + 1,
    )
    items = await views_of(found[:limit], tx)
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def views_of(pairs: Sequence[Duplicate], tx: Tx) -> list[DuplicateView]:
    """Pairs with both records beside each other; each record is noted as looked at."""
    ids = {each for pair in pairs for each in (pair.first_id, pair.second_id)}
    persons = {
        person.id: person
        for person in await tx.find(
            Person, "SELECT * FROM persons WHERE id = ANY($1::uuid[])", list(ids)
        )
    }
    for person_id in persons:
        tx.saw(person_id, "duplicate")
    return [
        DuplicateView(
            **pair.model_dump(include=set(DuplicateView.model_fields)),
            first=_side(pair.first_id, persons, tx),
            second=_side(pair.second_id, persons, tx),
        )
        for pair in pairs
    ]


def _side(person_id: UUID, persons: dict[UUID, Person], tx: Tx) -> SideView:
    person = persons[person_id]
    number = id_number_of(person, tx)
    return SideView(
        **person.model_dump(include=set(SideView.model_fields) - {"id_number"}),
        person_id=person.id,
        id_number=mask(number, 6, 2) if number else None,
    )
