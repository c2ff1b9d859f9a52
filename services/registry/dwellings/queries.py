"""Reading dwellings, rooms and who lives in them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.registry.dwellings.models import Closing, Dwelling, DwellingUse, KeyArea, Room
from services.registry.dwellings.schemas import (
    Coordinates,
    DwellingSummary,
    DwellingView,
    ResidentView,
    RoomView,
)
from services.registry.errors import HomeClosed, RoomNotFound
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import MalformedRequest, Text

# Of stays that overlap, as late news may leave them, the later one says how she lives there.
_RESIDENTS = """
SELECT DISTINCT ON (p.id) p.id AS person_id, p.name, p.sex, r.kind, r.since, r.until, r.room_id,
       rooms.unit, rooms.number AS room
FROM rooms
JOIN residences AS r ON r.room_id = rooms.id
JOIN persons AS p ON p.id = r.person_id
WHERE {home} AND r.since <= $2 AND (r.until IS NULL OR r.until > $2)
  AND p.status IN ('active', 'deceased') AND p.id > $3
ORDER BY p.id, r.since DESC LIMIT $4
"""


async def get_dwelling(dwelling_id: UUID, tx: Tx) -> DwellingView:
    """Raises NotFound."""
    dwelling = await tx.require(Dwelling, dwelling_id)
    return view_of(dwelling, await rooms_of(dwelling.id, tx))


async def rooms_of(dwelling_id: UUID, tx: Tx) -> list[Room]:
    """By unit and number."""
    return await tx.find(
        Room, "SELECT * FROM rooms WHERE dwelling_id = $1 ORDER BY unit, number", dwelling_id
    )


async def require_room(room_id: UUID, tx: Tx, on: date | None = None) -> Room:
    """A room that somebody can live in on a day (default: today). Raises RoomNotFound, also
    outside the jurisdiction, and HomeClosed when room or building were closed by then."""
    room = await tx.get(Room, room_id)
    if room is None:
        raise RoomNotFound()
    dwelling = await tx.require(Dwelling, room.dwelling_id)
    day = on or tx.today
    if any(end is not None and end <= day for end in (room.closed_on, dwelling.closed_on)):
        raise HomeClosed()
    return room


async def list_dwellings(
    region: str | None,
    use: DwellingUse | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
    *,
    estate_id: UUID | None = None,
) -> Page[DwellingSummary]:
    """Dwellings of a region in the order they were entered. Raises OutsideJurisdiction."""
    rows = await tx.find(
        Dwelling,
        "SELECT * FROM dwellings WHERE region LIKE $1 AND ($2::text IS NULL OR use = $2)"
        " AND ($3::uuid IS NULL OR estate_id = $3) AND id > $4 ORDER BY id LIMIT $5",
        narrow(tx.actor, region) + "%",
        use,
        estate_id,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [_summary_of(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def list_residents(
    room_id: UUID, on: date | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ResidentView]:
    """Who lives in a room, or lived there on a day; each leaves a usage entry. Raises NotFound,
    MalformedRequest for a day to come."""
    await tx.require(Room, room_id)
    return await _residents("rooms.id = $1", room_id, on, limit, cursor, tx)


async def list_residents_of_dwelling(
    dwelling_id: UUID, on: date | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ResidentView]:
    """Who lives in a building, or lived there on a day; each leaves a usage entry. Raises
    NotFound, MalformedRequest for a day to come."""
    await tx.require(Dwelling, dwelling_id)
    return await _residents("rooms.dwelling_id = $1", dwelling_id, on, limit, cursor, tx)


def past_day(on: date | None, tx: Tx) -> date:
    """The day asked for, or today. Raises MalformedRequest for one to come."""
    if on is not None and on > tx.today:
        raise MalformedRequest(Text("日期晚于今天", "The day is still to come"))
    return on or tx.today


async def _residents(
    home: str, home_id: UUID, on: date | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ResidentView]:
    rows = await tx.fetch(
        _RESIDENTS.format(home=home),
        home_id,
        past_day(on, tx),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [ResidentView(**row) for row in rows[:limit]]
    for each in items:
        tx.saw(each.person_id, "residence")
    following = encode_cursor(str(items[-1].person_id)) if len(rows) > limit else None
    return Page(items=items, next=following)


def view_of(dwelling: Dwelling, rooms: Sequence[Room]) -> DwellingView:
    return DwellingView(
        **dict(_summary_of(dwelling)),
        rooms=[view_of_room(room) for room in sorted(rooms, key=lambda r: (r.unit, r.number))],
    )


def view_of_room(room: Room) -> RoomView:
    return RoomView(
        **room.model_dump(include=set(RoomView.model_fields) - {"use"}),
        use=DwellingUse(room.use) if room.use else None,
    )


def _summary_of(dwelling: Dwelling) -> DwellingSummary:
    return DwellingSummary(
        id=dwelling.id,
        version=dwelling.version,
        region=dwelling.region,
        building=dwelling.number,
        estate=dwelling.estate,
        estate_id=dwelling.estate_id,
        plate_number=dwelling.plate_number,
        use=DwellingUse(dwelling.use),
        key_area=KeyArea(dwelling.key_area) if dwelling.key_area else None,
        coordinates=_point_of(dwelling),
        closed_on=dwelling.closed_on,
        closed_for=Closing(dwelling.closed_for) if dwelling.closed_for else None,
    )


def _point_of(dwelling: Dwelling) -> Coordinates | None:
    if dwelling.longitude is None or dwelling.latitude is None:
        return None
    return Coordinates(longitude=dwelling.longitude, latitude=dwelling.latitude)
