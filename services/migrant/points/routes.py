"""HTTP door of service points. What a person needs of them comes with `GET /entitlements`."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.migrant.auth import CanAdminister, CanReadHere
from services.migrant.entitlements.rules import Department
from services.migrant.points import handlers, queries
from services.migrant.points.schemas import ClosePoint, PlacePoint, PointView
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["service points"], route_class=Route)


@router.post("/service-points", status_code=201, summary="Enter a service point")
async def place_point(
    command: PlacePoint, actor: CanAdminister, tx: Transaction, response: Response
) -> PointView:
    view = await handlers.place_point(command, tx)
    response.headers["Location"] = f"/migrant/v1/service-points/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/service-points", summary="Where people are served in an area")
async def list_points(
    actor: CanReadHere,
    tx: Transaction,
    region: RegionCode | None = None,
    department: Department | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PointView]:
    return await queries.list_points(region, department, limit, cursor, tx)


@router.get("/service-points/{point_id}", summary="Read a service point")
async def get_point(
    point_id: UUID, actor: CanReadHere, tx: Transaction, response: Response
) -> PointView:
    view = await queries.get_point(point_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.put("/service-points/{point_id}", summary="Change a service point")
async def change_point(
    point_id: UUID,
    command: PlacePoint,
    version: IfMatch,
    actor: CanAdminister,
    tx: Transaction,
    response: Response,
) -> PointView:
    view = await handlers.change_point(command, point_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/service-points/{point_id}/closure", summary="A service point closes")
async def close_point(
    point_id: UUID, command: ClosePoint, version: IfMatch, actor: CanAdminister, tx: Transaction
) -> PointView:
    return await handlers.close_point(command, point_id, version, tx)
