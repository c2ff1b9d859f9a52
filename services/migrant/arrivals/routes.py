"""HTTP door of arrivals and departures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.arrivals import handlers, queries
from services.migrant.arrivals.schemas import (
    ArrivalView,
    DepartureView,
    RegisterArrival,
    RegisterDeparture,
)
from services.migrant.auth import CanRead, CanWrite
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["arrivals"], route_class=Route)


@router.post("/arrivals", status_code=201, summary="Register an arrival")
async def register_arrival(
    command: RegisterArrival, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> ArrivalView:
    view = await handlers.register_arrival(command, tx)
    response.headers["Location"] = f"/migrant/v1/arrivals/{view.id}"
    return view


@router.get("/arrivals", summary="Arrivals, newest first")
async def list_arrivals(
    actor: CanRead,
    tx: PersonalTransaction,
    region: Annotated[RegionCode | None, Query(max_length=12)] = None,
    still_here: Annotated[bool, Query(description="only stays that last")] = False,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ArrivalView]:
    return await queries.list_arrivals(region, still_here, limit, cursor, tx)


@router.get("/arrivals/{arrival_id}", summary="Read an arrival")
async def get_arrival(arrival_id: UUID, actor: CanRead, tx: PersonalTransaction) -> ArrivalView:
    return await queries.get_arrival(arrival_id, tx)


@router.post("/departures", status_code=201, summary="Register a departure")
async def register_departure(
    command: RegisterDeparture, actor: CanWrite, tx: PersonalTransaction
) -> DepartureView:
    return await handlers.register_departure(command, tx)
