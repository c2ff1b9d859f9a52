"""HTTP door of places. What a person needs of them comes with `GET /entitlements`."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.migrant.auth import CanKeepPlaces, CanReadPlaces
from services.migrant.entitlements.rules import Department
from services.migrant.places import handlers, queries
from services.migrant.places.rules import Offer
from services.migrant.places.schemas import ClosePlace, KeepPlace, PlaceView
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["places"], route_class=Route)


@router.post("/places", status_code=201, summary="Enter a place where people are served")
async def open_place(
    command: KeepPlace, actor: CanKeepPlaces, tx: Transaction, response: Response
) -> PlaceView:
    view = await handlers.open_place(command, tx)
    response.headers["Location"] = f"/migrant/v1/places/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/places", summary="Where people are served in an area, and what is done there")
async def list_places(
    actor: CanReadPlaces,
    tx: Transaction,
    region: RegionCode | None = None,
    department: Department | None = None,
    offer: Offer | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PlaceView]:
    return await queries.list_places(region, department, offer, limit, cursor, tx)


@router.get("/places/{place_id}", summary="Read a place")
async def get_place(
    place_id: UUID, actor: CanReadPlaces, tx: Transaction, response: Response
) -> PlaceView:
    view = await queries.get_place(place_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.put("/places/{place_id}", summary="Change a place, its hours or what is done there")
async def change_place(
    place_id: UUID,
    command: KeepPlace,
    version: IfMatch,
    actor: CanKeepPlaces,
    tx: Transaction,
    response: Response,
) -> PlaceView:
    view = await handlers.change_place(command, place_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/places/{place_id}/closure", summary="A place closes")
async def close_place(
    place_id: UUID, command: ClosePlace, version: IfMatch, actor: CanKeepPlaces, tx: Transaction
) -> PlaceView:
    return await handlers.close_place(command, place_id, version, tx)
