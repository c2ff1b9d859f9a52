"""HTTP door of dwellings."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.dwellings import handlers, queries
from services.registry.dwellings.models import DwellingUse
from services.registry.dwellings.schemas import (
    DwellingSummary,
    DwellingView,
    RegisterDwelling,
    ResidentView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page

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
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DwellingSummary]:
    return await queries.list_dwellings(region, use, limit, cursor, tx)


@router.get("/dwellings/{dwelling_id}", summary="Read a dwelling with its rooms")
async def get_dwelling(
    dwelling_id: UUID, actor: CanRead, tx: Transaction, response: Response
) -> DwellingView:
    view = await queries.get_dwelling(dwelling_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/rooms/{room_id}/residents", summary="Who lives in a room")
async def list_residents(
    room_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ResidentView]:
    return await queries.list_residents(room_id, limit, cursor, tx)
