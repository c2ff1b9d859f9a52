"""HTTP door of the welcome desk: arrivals, moves, departures, and what is put right."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.arrivals import (
    corrections,
    expectations,
    figures,
    groups,
    handlers,
    queries,
    welcome,
)
from services.migrant.arrivals.models import StayPurpose
from services.migrant.arrivals.queries import StayFilter, StayState
from services.migrant.arrivals.schemas import (
    AnnulArrival,
    ArrivalView,
    CorrectStay,
    DepartureView,
    ExpectDeparture,
    ExpectedDepartureView,
    GroupView,
    MigrantCountsView,
    RegisterArrival,
    RegisterDeparture,
    RegisterGroup,
    RegisterMove,
    StayChangeView,
)
from services.migrant.arrivals.welcome import PDF, PNG, SheetForm
from services.migrant.auth import CanActForSelf, CanRead, CanReadOwn, CanWrite
from shared.codes import RegionCode
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["arrivals"], route_class=Route)

Region = Annotated[RegionCode | None, Query(max_length=12)]


@router.post("/arrivals", status_code=201, summary="Register an arrival")
async def register_arrival(
    command: RegisterArrival, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> ArrivalView:
    view = await handlers.register_arrival(command, tx)
    response.headers["Location"] = f"/migrant/v1/arrivals/{view.id}"
    return view


@router.post("/arrival-groups", summary="Register a family, each member judged by itself")
async def register_group(
    command: RegisterGroup, actor: CanWrite, language: Language, tx: PersonalTransaction
) -> GroupView:
    return await groups.register_group(command, language, tx)


@router.get("/arrivals", summary="Stays, newest first")
async def list_arrivals(
    actor: CanRead,
    tx: PersonalTransaction,
    region: Region = None,
    still_here: Annotated[bool, Query(description="only stays that last")] = False,
    state: StayState | None = None,
    stay_purpose: StayPurpose | None = None,
    origin: Annotated[RegionCode | None, Query(max_length=12, description="came from")] = None,
    arrived_from: CalendarDay | None = None,
    arrived_to: CalendarDay | None = None,
    group_id: UUID | None = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ArrivalView]:
    asked = StayFilter(
        region=region,
        state=StayState.OPEN if still_here and state is None else state,
        stay_purpose=stay_purpose,
        origin=origin,
        arrived_from=arrived_from,
        arrived_to=arrived_to,
        group_id=group_id,
    )
    return await queries.list_arrivals(asked, limit, cursor, tx)


@router.get("/arrivals/{arrival_id}", summary="Read an arrival")
async def get_arrival(arrival_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> ArrivalView:
    return await queries.get_arrival(arrival_id, tx)


@router.post("/arrivals/{arrival_id}/correction", summary="Put right what a stay said wrong")
async def correct_stay(
    arrival_id: UUID, command: CorrectStay, actor: CanWrite, tx: PersonalTransaction
) -> ArrivalView:
    return await corrections.correct_stay(command, arrival_id, tx)


@router.post("/arrivals/{arrival_id}/annulment", summary="Take back an arrival made in error")
async def annul_arrival(
    arrival_id: UUID, command: AnnulArrival, actor: CanWrite, tx: PersonalTransaction
) -> ArrivalView:
    return await corrections.annul_arrival(command, arrival_id, tx)


@router.get("/arrivals/{arrival_id}/changes", summary="How a stay was put right")
async def list_stay_changes(
    arrival_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> Sequence[StayChangeView]:
    return await queries.list_stay_changes(arrival_id, tx)


@router.put("/arrivals/{arrival_id}/expected-departure", summary="She expects to leave on a day")
async def expect_departure(
    arrival_id: UUID, command: ExpectDeparture, actor: CanActForSelf, tx: PersonalTransaction
) -> ArrivalView:
    return await expectations.expect_departure(command, arrival_id, tx)


@router.delete("/arrivals/{arrival_id}/expected-departure", summary="She stays after all")
async def forget_expected_departure(
    arrival_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> ArrivalView:
    return await expectations.forget_expected_departure(arrival_id, tx)


@router.get("/expected-departures", summary="Who expects to leave, the earliest day first")
async def list_expected_departures(
    actor: CanRead,
    tx: PersonalTransaction,
    region: Region = None,
    until: Annotated[CalendarDay | None, Query(description="up to this day")] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ExpectedDepartureView]:
    return await queries.list_expected_departures(region, until, limit, cursor, tx)


@router.get(
    "/arrivals/{arrival_id}/welcome-sheet",
    summary="A sheet to take home: what she can get, where, and her rights",
    response_class=Response,
    responses={200: {"content": {PDF: {}, PNG: {}}}},
)
async def print_welcome_sheet(
    arrival_id: UUID,
    actor: CanReadOwn,
    language: Language,
    tx: PersonalTransaction,
    with_name: Annotated[bool, Query(description="her name on it, if she wants")] = False,
    format: SheetForm = SheetForm.PDF,
) -> Response:
    sheet = await welcome.get_sheet(arrival_id, language, with_name, tx)
    return Response(await welcome.printed(sheet, format), media_type=welcome.MEDIA[format])


@router.post("/moves", status_code=201, summary="She moves within the county")
async def register_move(
    command: RegisterMove, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> ArrivalView:
    view = await handlers.register_move(command, tx)
    response.headers["Location"] = f"/migrant/v1/arrivals/{view.id}"
    return view


@router.post("/departures", status_code=201, summary="Register a departure")
async def register_departure(
    command: RegisterDeparture, actor: CanWrite, tx: PersonalTransaction
) -> DepartureView:
    return await handlers.register_departure(command, tx)


@router.get("/people/{person_id}/stays", summary="A person's stays, newest first")
async def list_stays(
    person_id: UUID,
    actor: CanReadOwn,
    tx: PersonalTransaction,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ArrivalView]:
    return await queries.list_stays(person_id, limit, cursor, tx)


@router.get("/migrant-counts", summary="Migrants present, by origin and purpose, as figures")
async def count_migrants(
    actor: CanRead, tx: Transaction, region: Region = None, on: CalendarDay | None = None
) -> MigrantCountsView:
    return await figures.count_migrants(region, on, tx)
