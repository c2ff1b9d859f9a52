"""HTTP door of dwellings and rooms."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.dwellings import closing, figures, handlers, queries
from services.registry.dwellings.models import DwellingUse
from services.registry.dwellings.schemas import (
    AddRooms,
    CloseDwelling,
    CloseRoom,
    ClosureView,
    CorrectDwelling,
    CorrectRoom,
    DwellingSummary,
    DwellingView,
    RegisterDwelling,
    RentalRegister,
    ResidentView,
    RoomView,
    ServiceCoverage,
)
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["dwellings"], route_class=Route)


@router.post("/dwellings", status_code=201, summary="Register a dwelling with its rooms")
async def register_dwelling(
    command: RegisterDwelling, actor: CanWrite, tx: Transaction, response: Response
) -> DwellingView:
    view = await handlers.register_dwelling(command, tx)
    response.headers["Location"] = f"/registry/v1/dwellings/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/dwellings", summary="List dwellings of a region")
async def list_dwellings(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    use: DwellingUse | None = None,
    estate_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DwellingSummary]:
    return await queries.list_dwellings(region, use, limit, cursor, tx, estate_id=estate_id)


@router.get("/dwellings/{dwelling_id}", summary="Read a dwelling with its rooms")
async def get_dwelling(
    dwelling_id: UUID, actor: CanRead, tx: Transaction, response: Response
) -> DwellingView:
    view = await queries.get_dwelling(dwelling_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/dwellings/{dwelling_id}", summary="Correct a dwelling")
async def correct_dwelling(
    dwelling_id: UUID,
    command: CorrectDwelling,
    version: IfMatch,
    actor: CanWrite,
    tx: Transaction,
    response: Response,
) -> DwellingView:
    view = await handlers.correct_dwelling(command, dwelling_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/dwellings/{dwelling_id}/rooms", status_code=201, summary="Add rooms to a dwelling")
async def add_rooms(
    dwelling_id: UUID, command: AddRooms, actor: CanWrite, tx: Transaction
) -> DwellingView:
    return await handlers.add_rooms(command, dwelling_id, tx)


@router.post("/dwellings/{dwelling_id}/closure", summary="Close or demolish a building")
async def close_dwelling(
    dwelling_id: UUID, command: CloseDwelling, actor: CanWrite, tx: PersonalTransaction
) -> ClosureView:
    return await closing.close_dwelling(command, dwelling_id, tx)


@router.post("/dwellings/{dwelling_id}/reopening", summary="A building was closed in error")
async def reopen_dwelling(dwelling_id: UUID, actor: CanWrite, tx: Transaction) -> DwellingView:
    return await closing.reopen_dwelling(dwelling_id, tx)


@router.get("/dwellings/{dwelling_id}/residents", summary="Who lives in a building, or lived there")
async def list_residents_of_dwelling(
    dwelling_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    on: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ResidentView]:
    return await queries.list_residents_of_dwelling(dwelling_id, on, limit, cursor, tx)


@router.patch("/rooms/{room_id}", summary="Correct a room")
async def correct_room(
    room_id: UUID,
    command: CorrectRoom,
    version: IfMatch,
    actor: CanWrite,
    tx: Transaction,
    response: Response,
) -> RoomView:
    view = await handlers.correct_room(command, room_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/rooms/{room_id}/closure", summary="Close a room")
async def close_room(
    room_id: UUID, command: CloseRoom, actor: CanWrite, tx: PersonalTransaction
) -> ClosureView:
    return await closing.close_room(command, room_id, tx)


@router.post("/rooms/{room_id}/reopening", summary="A room was closed in error")
async def reopen_room(room_id: UUID, actor: CanWrite, tx: Transaction) -> RoomView:
    return await closing.reopen_room(room_id, tx)


@router.get("/rooms/{room_id}/residents", summary="Who lives in a room, or lived there")
async def list_residents(
    room_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    on: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ResidentView]:
    return await queries.list_residents(room_id, on, limit, cursor, tx)


@router.get("/rental-register", summary="Rental dwellings and rooms of a region, as counts")
async def get_rental_register(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None, on: CalendarDay | None = None
) -> RentalRegister:
    return await figures.get_rental_register(region, on, tx)


@router.get("/service-coverage", summary="Homes by use and kind of area, as counts")
async def get_service_coverage(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None
) -> ServiceCoverage:
    return await figures.get_service_coverage(region, tx)
