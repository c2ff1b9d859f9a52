"""HTTP door of estates."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.dwellings import estates
from services.registry.dwellings.schemas import CorrectEstate, EstateView, RegisterEstate
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["estates"], route_class=Route)


@router.post("/estates", status_code=201, summary="Register an estate and its manager")
async def register_estate(
    command: RegisterEstate, actor: CanWrite, tx: Transaction, response: Response
) -> EstateView:
    view = await estates.register_estate(command, tx)
    response.headers["Location"] = f"/registry/v1/estates/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/estates", summary="List estates of a region")
async def list_estates(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EstateView]:
    return await estates.list_estates(region, limit, cursor, tx)


@router.get("/estates/{estate_id}", summary="Read an estate")
async def get_estate(
    estate_id: UUID, actor: CanRead, tx: Transaction, response: Response
) -> EstateView:
    view = await estates.get_estate(estate_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/estates/{estate_id}", summary="Correct an estate or name another manager")
async def correct_estate(
    estate_id: UUID,
    command: CorrectEstate,
    version: IfMatch,
    actor: CanWrite,
    tx: Transaction,
    response: Response,
) -> EstateView:
    view = await estates.correct_estate(command, estate_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view
