"""Closing homes (拆除, 停用), and opening them again when that was an error.

Whoever the register still has in a closed home becomes a task: the office asks where she lives
now. Nobody is moved by it.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.registry.dwellings.models import Dwelling, Room
from services.registry.dwellings.queries import rooms_of, view_of, view_of_room
from services.registry.dwellings.schemas import (
    CloseDwelling,
    CloseRoom,
    ClosureView,
    DwellingView,
    RoomView,
)
from services.registry.errors import HomeClosed, HomeOpen
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from shared.db import Tx

_STILL_THERE = """
SELECT r.id, r.person_id FROM residences AS r JOIN persons AS p ON p.id = r.person_id
WHERE r.room_id = ANY($1::uuid[]) AND r.until IS NULL AND p.status = 'active' ORDER BY r.id
"""


async def close_dwelling(command: CloseDwelling, dwelling_id: UUID, tx: Tx) -> ClosureView:
    """Raises NotFound, HomeClosed."""
    dwelling = await tx.require(Dwelling, dwelling_id, lock=True)
    if dwelling.closed_on is not None:
        raise HomeClosed()
    dwelling.closed_on, dwelling.closed_for = command.on, command.cause
    await _save(dwelling, tx)
    rooms = [room.id for room in await rooms_of(dwelling.id, tx)]
    left = await _ask_where_they_live(rooms, dwelling.region, command.on, tx)
    return ClosureView(
        id=dwelling.id, version=dwelling.version, closed_on=command.on, still_there=left
    )


async def reopen_dwelling(dwelling_id: UUID, tx: Tx) -> DwellingView:
    """It was closed in error. Raises NotFound, HomeOpen."""
    dwelling = await tx.require(Dwelling, dwelling_id, lock=True)
    if dwelling.closed_on is None:
        raise HomeOpen()
    dwelling.closed_on = dwelling.closed_for = None
    await _save(dwelling, tx)
    return view_of(dwelling, await rooms_of(dwelling.id, tx))


async def close_room(command: CloseRoom, room_id: UUID, tx: Tx) -> ClosureView:
    """Raises NotFound, HomeClosed."""
    room = await tx.require(Room, room_id, lock=True)
    if room.closed_on is not None:
        raise HomeClosed()
    room.closed_on = command.on
    await _save(room, tx)
    dwelling = await tx.require(Dwelling, room.dwelling_id)
    left = await _ask_where_they_live([room.id], dwelling.region, command.on, tx)
    return ClosureView(id=room.id, version=room.version, closed_on=command.on, still_there=left)


async def reopen_room(room_id: UUID, tx: Tx) -> RoomView:
    """It was closed in error. Raises NotFound, HomeOpen."""
    room = await tx.require(Room, room_id, lock=True)
    if room.closed_on is None:
        raise HomeOpen()
    room.closed_on = None
    await _save(room, tx)
    return view_of_room(room)


async def _save(home: Dwelling | Room, tx: Tx) -> None:
    home.recorded_at, home.recorded_by = tx.now, tx.actor.sub
    await tx.save(home)


async def _ask_where_they_live(rooms: Sequence[UUID], region: str, on: date, tx: Tx) -> int:
    """A task for each stay that goes on in a closed home."""
    stays = await tx.fetch(_STILL_THERE, rooms)
    for stay in stays:
        tx.saw(stay["person_id"], "residence")
        await open_task(
            OpenTask(
                kind=TaskKind.HOME_CLOSED,
                source="residence",
                source_id=stay["id"],
                region=region,
                person_id=stay["person_id"],
                happened_on=on,
            ),
            tx,
        )
    return len(stays)
