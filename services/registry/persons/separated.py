"""Separated persons (人户分离): registered in one township, living in another. Both places see
them, and each has duties of its own; where she lives comes first (以现居住地为主)."""

from functools import cache
from pathlib import Path

from services.registry.persons.models import Person
from services.registry.persons.schemas import SeparatedPerson, SeparationDuties
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

_DUTIES = Path(__file__).with_name("separation_duties.json")

# The condition is that of the index persons_separated, and of rules.is_separated.
LIST = """
SELECT * FROM persons
WHERE status = 'active'
  AND NOT starts_with(left(hukou_region, 9), left(residence_region, 9))
  AND NOT starts_with(left(residence_region, 9), left(hukou_region, 9))
  AND (starts_with(hukou_region, $1) OR starts_with(residence_region, $1))
  AND (NOT $2 OR left(hukou_region, 4) = left(residence_region, 4))
  AND id > $3
ORDER BY id LIMIT $4
"""


async def list_separated(
    region: str | None, within_city: bool, limit: int, cursor: str | None, tx: Tx
) -> Page[SeparatedPerson]:
    """Those for whom `region` is one of the two places, in the order of their ids; each leaves a
    usage entry. Raises OutsideJurisdiction."""
    asked = narrow(tx.actor, region)
    found = await tx.find(Person, LIST, asked, within_city, id_in(cursor) or BEFORE_ALL, limit + 1)
    items = [_view_of(person, asked) for person in found[:limit]]
    for each in items:
        tx.saw(each.person_id, "residence")
    following = encode_cursor(str(items[-1].person_id)) if found[limit:] else None
    return Page(items=items, next=following)


@cache
def duties() -> SeparationDuties:
    """The duties of both places; a county changes them in the file."""
    return SeparationDuties.model_validate_json(_DUTIES.read_bytes())


def _view_of(person: Person, asked: str) -> SeparatedPerson:
    home = str(person.residence_region)
    return SeparatedPerson(
        person_id=person.id,
        name=person.name,
        hukou_region=person.hukou_region,
        residence_region=home,
        kind=person.residence_kind,
        since=person.residence_since,
        here=[
            place
            for place, code in (("residence", home), ("hukou", person.hukou_region))
            if code.startswith(asked)
        ],
        residence_duties=[each.id for each in duties().residence],
        hukou_duties=[each.id for each in duties().hukou],
        contested=person.contested or [],
    )
