"""Separated persons (人户分离): registered in one township, living in another. Both places see
them, and each has duties of its own; where she lives comes first (以现居住地为主)."""

from functools import cache
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from services.registry.persons.schemas import SeparationDuties
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, encode_cursor, id_in

_DUTIES = Path(__file__).with_name("separation_duties.json")
# Which of the two places lies in the region asked about: her residence, her hukou.
_HERE: Final = {
    (True, True): ("residence", "hukou"),
    (True, False): ("residence",),
    (False, True): ("hukou",),
}

# Of a region ($1), behind an id ($2). The condition is that of the index persons_separated, and of
# rules.is_separated.
_SEPARATED: Final = """
SELECT id AS person_id, name, hukou_region, residence_region, residence_kind AS kind,
       residence_since AS since, coalesce(contested, '{{}}') AS contested
FROM persons
WHERE status = 'active'
  AND NOT starts_with(left(hukou_region, 9), left(residence_region, 9))
  AND NOT starts_with(left(residence_region, 9), left(hukou_region, 9))
  AND {here} AND {city} AND id > $2
"""
_EITHER: Final = "(starts_with(hukou_region, $1) OR starts_with(residence_region, $1))"
_ONE_CITY: Final = "left(hukou_region, 4) = left(residence_region, 4)"
_COUNTY: Final = 6  # digits of its code


def listing(region: str, within_city: bool, rows: int) -> str:
    """The SELECT of so many rows, for a region of this size."""
    return _listing(len(region) <= _COUNTY, within_city, rows)


@cache
def _listing(wide: bool, within_city: bool, rows: int) -> str:
    """The planner is told the number of rows, for a plan that serves every page alike. Nearly all
    who are separated belong to a county or live there: a page of it is walked to in the order of
    ids (coalesce has the planner expect them, as in the policies of shared/migrations.py). The few
    of a township or village are found by their region (OFFSET keeps it from walking past all
    others)."""
    city = _ONE_CITY if within_city else "true"
    if wide:
        walked = _SEPARATED.format(here=f"coalesce({_EITHER}, false)", city=city)
        return f"{walked} ORDER BY id LIMIT {rows}"
    found = _SEPARATED.format(here=_EITHER, city=city)
    return f"SELECT * FROM ({found} OFFSET 0) AS found ORDER BY person_id LIMIT {rows}"  # noqa: S608


async def list_separated(
    region: str | None, within_city: bool, limit: int, cursor: str | None, tx: Tx
) -> bytes:
    """Those for whom `region` is one of the two places, in the order of their ids; each leaves a
    usage entry. A Page[SeparatedPerson] (JSON), written from the rows as they are: it is asked for
    often. Raises OutsideJurisdiction."""
    asked = narrow(tx.actor, region)
    after = id_in(cursor) or BEFORE_ALL
    found = await tx.look(
        listing(asked, within_city, limit + 1),
        *(asked, after),
        kind="residence",
        subject="person_id",
        noted=limit,
    )
    items = []
    for person_id, name, belongs, lives, kind, since, contested in found[:limit]:
        items.append(
            {
                "person_id": str(person_id),  # the driver's UUID is slow to write
                "name": name,
                "hukou_region": belongs,
                "residence_region": lives,
                "kind": kind,
                "since": since,
                "contested": contested,
                "here": _HERE[lives.startswith(asked), belongs.startswith(asked)],
            }
        )
    following = encode_cursor(items[-1]["person_id"]) if found[limit:] else None
    return to_json({"items": items, "next": following})


@cache
def duties() -> SeparationDuties:
    """The duties of both places; a county changes them in the file."""
    return SeparationDuties.model_validate_json(_DUTIES.read_bytes())
