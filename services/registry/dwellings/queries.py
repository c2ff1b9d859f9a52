"""Reading dwellings, rooms and who lives in them."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.dwellings.models import Dwelling, DwellingUse, Room
from services.registry.dwellings.schemas import (
    Coordinates,
    DwellingSummary,
    DwellingView,
    ResidentView,
    RoomView,
)
from shared.actors import narrow
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest, Text


async def get_dwelling(dwelling_id: UUID, tx: Tx) -> DwellingView:
    """Raises NotFound."""
    dwelling = await tx.require(Dwelling, dwelling_id)
    rooms = await tx.find(
        Room, "SELECT * FROM rooms WHERE dwelling_id = $1 ORDER BY number", dwelling.id
    )
    return view_of(dwelling, rooms)


async def list_dwellings(
    region: str | None, use: DwellingUse | None, limit: int, cursor: str | None, tx: Tx
) -> Page[DwellingSummary]:
    """Dwellings of a region in the order they were entered. Raises OutsideJurisdiction."""
    rows = await tx.find(
        Dwelling,
        "SELECT * FROM dwellings WHERE region LIKE $1 AND ($2::text IS NULL OR use = $2)"
        " AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4",
        narrow(tx.actor, region) + "%",
        use,
        id_in(cursor) if cursor else None,
        limit + 1,
    )
    items = [_summary_of(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(rows) > limit else None)


async def list_residents(
    room_id: UUID, limit: int, cursor: str | None, tx: Tx
) -> Page[ResidentView]:
    """Who lives in a room; each leaves a usage entry. Raises NotFound."""
    await tx.require(Room, room_id)
    rows = await tx.fetch(
        "SELECT id AS person_id, name, sex, residence_kind AS kind, residence_since AS since"
        " FROM persons WHERE room_id = $1 AND status = 'active'"
        " AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        room_id,
        id_in(cursor) if cursor else None,
        limit + 1,
    )
    items = [ResidentView(**row) for row in rows[:limit]]
    for each in items:
        tx.saw(each.person_id, "residence")
    following = encode_cursor(str(items[-1].person_id)) if len(rows) > limit else None
    return Page(items=items, next=following)


def id_in(cursor: str) -> UUID:
    """The id a cursor stands at. Raises MalformedRequest."""
    key = decode_cursor(cursor)
    try:
        (text,) = key
        return UUID(str(text))
    except ValueError as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error


def view_of(dwelling: Dwelling, rooms: Sequence[Room]) -> DwellingView:
    return DwellingView(
        **_summary_of(dwelling).model_dump(exclude={"coordinates"}),
        coordinates=_point_of(dwelling),
        rooms=[RoomView(**room.model_dump(exclude={"dwelling_id"})) for room in rooms],
    )


def _summary_of(dwelling: Dwelling) -> DwellingSummary:
    return DwellingSummary(
        id=dwelling.id,
        version=dwelling.version,
        region=dwelling.region,
        building=dwelling.number,
        estate=dwelling.estate,
        plate_number=dwelling.plate_number,
        use=DwellingUse(dwelling.use),
        coordinates=_point_of(dwelling),
    )


def _point_of(dwelling: Dwelling) -> Coordinates | None:
    if dwelling.longitude is None or dwelling.latitude is None:
        return None
    return Coordinates(longitude=dwelling.longitude, latitude=dwelling.latitude)
