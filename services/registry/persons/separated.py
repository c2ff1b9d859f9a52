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

# The condition is that of the index persons_separated, and of rules.is_separated.
LIST = """
SELECT id AS person_id, name, hukou_region, residence_region, residence_kind AS kind,
       residence_since AS since, coalesce(contested, '{}') AS contested
FROM persons
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
) -> bytes:
    """Those for whom `region` is one of the two places, in the order of their ids; each leaves a
    usage entry. A Page[SeparatedPerson] (JSON), written from the rows as they are: it is asked for
    often. Raises OutsideJurisdiction."""
    asked = narrow(tx.actor, region)
    after = id_in(cursor) or BEFORE_ALL
    found = await tx.look(
        LIST,
        *(asked, within_city, after, limit + 1),
        kind="residence",
        subject="person_id",
        noted=limit,
    )
    items = []
    for row in found[:limit]:
        lives, belongs = row["residence_region"], row["hukou_region"]
        items.append({**row, "here": _HERE[lives.startswith(asked), belongs.startswith(asked)]})
    following = encode_cursor(str(items[-1]["person_id"])) if found[limit:] else None
    return to_json({"items": items, "next": following})


@cache
def duties() -> SeparationDuties:
    """The duties of both places; a county changes them in the file."""
    return SeparationDuties.model_validate_json(_DUTIES.read_bytes())
