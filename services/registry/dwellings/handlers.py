"""Writing dwellings and rooms."""

from typing import Any
from uuid import UUID

from services.registry.dwellings.models import Dwelling, Estate, Room
from services.registry.dwellings.queries import rooms_of, view_of, view_of_room
from services.registry.dwellings.schemas import (
    AddRooms,
    CorrectDwelling,
    CorrectRoom,
    DwellingView,
    RegisterDwelling,
    RoomInput,
    RoomView,
)
from services.registry.errors import DwellingExists, HomeClosed, RoomExists
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction, StaleVersion


async def register_dwelling(command: RegisterDwelling, tx: Tx) -> DwellingView:
    """Enter a building with its rooms. Raises OutsideJurisdiction, UnknownRegion,
    DwellingExists, NotFound for an estate that is not one of the village."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    await _require_new_number(command.region, command.building, tx)
    point = command.coordinates
    dwelling = Dwelling(
        id=new_id(),
        region=command.region,
        number=command.building,
        estate=command.estate,
        plate_number=command.plate_number,
        use=command.use,
        key_area=command.key_area,
        longitude=point.longitude if point else None,
        latitude=point.latitude if point else None,
        created_at=tx.now,
        created_by=tx.actor.sub,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await _put_in_estate(dwelling, command.estate_id, tx)
    rooms = [_new_room(dwelling.id, room, tx) for room in command.rooms]
    await tx.add(dwelling, *rooms)
    return view_of(dwelling, rooms)


async def correct_dwelling(
    command: CorrectDwelling, dwelling_id: UUID, version: int, tx: Tx
) -> DwellingView:
    """Change what `command` names; what the register said before is kept. Raises NotFound,
    StaleVersion, DwellingExists."""
    dwelling = await tx.require(Dwelling, dwelling_id, lock=True)
    if dwelling.version != version:
        raise StaleVersion()
    given = _given(command)
    if "building" in given and given["building"] != dwelling.number:
        await _require_new_number(dwelling.region, given["building"], tx)
        dwelling.number = given["building"]
    if "coordinates" in given:
        point = command.coordinates
        dwelling.longitude = point.longitude if point else None
        dwelling.latitude = point.latitude if point else None
    for field in given.keys() & {"estate", "plate_number", "use", "key_area"}:
        setattr(dwelling, field, given[field])
    if "estate_id" in given:
        await _put_in_estate(dwelling, given["estate_id"], tx)
    dwelling.recorded_at, dwelling.recorded_by = tx.now, tx.actor.sub
    await tx.save(dwelling)
    return view_of(dwelling, await rooms_of(dwelling.id, tx))


async def add_rooms(command: AddRooms, dwelling_id: UUID, tx: Tx) -> DwellingView:
    """Raises NotFound, HomeClosed, RoomExists."""
    dwelling = await tx.require(Dwelling, dwelling_id, lock=True)
    if dwelling.closed_on is not None:
        raise HomeClosed()
    known = {(room.unit, room.number) for room in await rooms_of(dwelling.id, tx)}
    if any((room.unit, room.number) in known for room in command.rooms):
        raise RoomExists()
    await tx.add(*(_new_room(dwelling.id, room, tx) for room in command.rooms))
    return view_of(dwelling, await rooms_of(dwelling.id, tx))


async def correct_room(command: CorrectRoom, room_id: UUID, version: int, tx: Tx) -> RoomView:
    """Raises NotFound, StaleVersion, RoomExists."""
    room = await tx.require(Room, room_id, lock=True)
    if room.version != version:
        raise StaleVersion()
    for field, value in _given(command).items():
        setattr(room, field, value)
    if await tx.fetch_value(
        "SELECT 1 FROM rooms WHERE dwelling_id = $1 AND unit = $2 AND number = $3 AND id <> $4",
        room.dwelling_id,
        room.unit,
        room.number,
        room.id,
    ):
        raise RoomExists()
    room.recorded_at, room.recorded_by = tx.now, tx.actor.sub
    await tx.save(room)
    return view_of_room(room)


def _given(command: CorrectDwelling | CorrectRoom) -> dict[str, Any]:
    return command.model_dump(exclude_unset=True)


async def _require_new_number(region: str, number: str, tx: Tx) -> None:
    if await tx.fetch_value(
        "SELECT 1 FROM dwellings WHERE region = $1 AND number = $2", region, number
    ):
        raise DwellingExists()


async def _put_in_estate(dwelling: Dwelling, estate_id: UUID | None, tx: Tx) -> None:
    """An estate's buildings lie in its village and carry its name."""
    dwelling.estate_id = estate_id
    if estate_id is None:
        return
    estate = await tx.require(Estate, estate_id)
    if estate.region != dwelling.region:
        raise NotFound()
    dwelling.estate = estate.name


def _new_room(dwelling_id: UUID, room: RoomInput, tx: Tx) -> Room:
    return Room(
        id=new_id(),
        dwelling_id=dwelling_id,
        **room.model_dump(),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
