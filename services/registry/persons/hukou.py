"""The household register of a person (户口): where it is, and how it came there."""

from datetime import date

from services.registry.persons.models import Cause, HukouMove, Person
from services.registry.persons.rules import region_left
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.events.registry import HukouMoved
from shared.ids import new_id


async def move_hukou(person: Person, to_region: str, moved_on: date, tx: Tx) -> None:
    """Her household register moved on a day (户口迁移); the caller keeps a version and saves
    `person`. Raises UnknownRegion."""
    await require_region(to_region, tx)
    from_region = person.hukou_region
    await tx.add(
        HukouMove(
            id=new_id(),
            person_id=person.id,
            from_region=from_region,
            to_region=to_region,
            moved_on=moved_on,
            cause=Cause.MOVED,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )
    _write(person, to_region, tx)
    tx.emit(
        HukouMoved(
            person_id=person.id, from_region=from_region, to_region=to_region, moved_on=moved_on
        )
    )


async def correct_hukou(person: Person, region: str, tx: Tx) -> None:
    """What was written was never right (户口更正): nothing moved, and the last move, if there was
    one, led here. The caller keeps a version and saves `person`. Raises UnknownRegion."""
    await require_region(region, tx)
    await tx.execute(
        "UPDATE hukou_moves SET to_region = $2, recorded_at = $3, recorded_by = $4"
        " WHERE id = (SELECT id FROM hukou_moves WHERE person_id = $1"
        " ORDER BY moved_on DESC, id DESC LIMIT 1)",
        person.id,
        region,
        tx.now,
        tx.actor.sub,
    )
    _write(person, region, tx)


def _write(person: Person, region: str, tx: Tx) -> None:
    left = (person.hukou_region, person.residence_region, person.left_region)
    person.hukou_region = region
    person.left_region = region_left(tx.actor, region, person.residence_region, *left)
