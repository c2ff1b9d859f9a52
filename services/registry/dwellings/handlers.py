"""Writing dwellings."""

from services.registry.dwellings.models import Dwelling, Room
from services.registry.dwellings.queries import view_of
from services.registry.dwellings.schemas import DwellingView, RegisterDwelling
from services.registry.errors import DwellingExists
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def register_dwelling(command: RegisterDwelling, tx: Tx) -> DwellingView:
    """Enter a building with its rooms. Raises OutsideJurisdiction, UnknownRegion,
    DwellingExists."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    if await tx.fetch_value(
        "SELECT 1 FROM dwellings WHERE region = $1 AND number = $2",
        command.region,
        command.building,
    ):
        raise DwellingExists()
    point = command.coordinates
    dwelling = Dwelling(
        id=new_id(),
        region=command.region,
        number=command.building,
        estate=command.estate,
        plate_number=command.plate_number,
        use=command.use,
        longitude=point.longitude if point else None,
        latitude=point.latitude if point else None,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    rooms = [
        Room(id=new_id(), dwelling_id=dwelling.id, number=room.number, capacity=room.capacity)
        for room in command.rooms
    ]
    await tx.add(dwelling, *rooms)
    return view_of(dwelling, rooms)
