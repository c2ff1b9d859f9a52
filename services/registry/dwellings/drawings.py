"""What the drawings of a building are made of."""

from datetime import date
from uuid import UUID

from services.registry.dwellings.layout import PlanRoom
from services.registry.dwellings.models import Dwelling, Room
from services.registry.dwellings.plan import PlanHead, plan_of
from services.registry.dwellings.plates import plate_of
from services.registry.dwellings.queries import past_day, rooms_of
from services.registry.errors import HomeTooLarge
from shared.db import Tx
from shared.drawing import Drawing

MOST_ROOMS = 1000
_LIVING = """
SELECT DISTINCT r.room_id, r.person_id FROM residences AS r
JOIN persons AS p ON p.id = r.person_id
WHERE r.room_id = ANY($1::uuid[]) AND r.since <= $2 AND (r.until IS NULL OR r.until > $2)
  AND p.status IN ('active', 'deceased')
"""
_LET = """
SELECT DISTINCT room_id FROM leases
WHERE room_id = ANY($1::uuid[]) AND since <= $2 AND (until IS NULL OR until > $2)
"""


async def get_plan(dwelling_id: UUID, on: date | None, tx: Tx) -> Drawing:
    """The housing plan of a building on a day (default: today). It names nobody, yet that one
    person lives behind a door says something of her to whoever knows the door: everybody counted
    gets a usage entry, as if she had been read. Raises NotFound, HomeTooLarge, MalformedRequest
    for a day to come."""
    dwelling, day = await tx.require(Dwelling, dwelling_id), past_day(on, tx)
    rooms = await rooms_of(dwelling.id, tx)
    if len(rooms) > MOST_ROOMS:
        raise HomeTooLarge(most=MOST_ROOMS)
    ids = [room.id for room in rooms]
    people: dict[UUID, int] = dict.fromkeys(ids, 0)
    for row in await tx.fetch(_LIVING, ids, day):
        people[row["room_id"]] += 1
        tx.saw(row["person_id"], "occupancy")
    let = {row["room_id"] for row in await tx.fetch(_LET, ids, day)}
    gone = dwelling.closed_on is not None and dwelling.closed_on <= day
    return plan_of(
        PlanHead(
            place=dwelling.estate,
            building=dwelling.number,
            plate_number=dwelling.plate_number,
            region=dwelling.region,
            on=day,
            closed_on=dwelling.closed_on if gone else None,
        ),
        [
            PlanRoom(
                number=room.number,
                unit=room.unit,
                floor=room.floor,
                use=room.use or dwelling.use,
                capacity=room.capacity,
                people=people[room.id],
                let=room.id in let,
                closed=gone or (room.closed_on is not None and room.closed_on <= day),
            )
            for room in rooms
        ],
    )


async def get_dwelling_plate(dwelling_id: UUID, tx: Tx) -> Drawing:
    """The door plate of a building. Raises NotFound."""
    dwelling = await tx.require(Dwelling, dwelling_id)
    return plate_of(_place_of(dwelling), dwelling.number, _code_of(dwelling))


async def get_room_plate(room_id: UUID, tx: Tx) -> Drawing:
    """The door plate of a room. Raises NotFound."""
    room = await tx.require(Room, room_id)
    dwelling = await tx.require(Dwelling, room.dwelling_id)
    parts = [part for part in (dwelling.number, room.unit, room.number) if part]
    return plate_of(_place_of(dwelling), "-".join(parts), _code_of(dwelling, room))


def _place_of(dwelling: Dwelling) -> str:
    return dwelling.plate_number or dwelling.estate or dwelling.region


def _code_of(dwelling: Dwelling, room: Room | None = None) -> str:
    """Region, building, unit and room with slashes between them: no address of ours, so that a
    plate outlives every server."""
    parts = [dwelling.region, dwelling.number]
    return "/".join(parts if room is None else [*parts, room.unit, room.number])
