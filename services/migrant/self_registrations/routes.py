"""HTTP door of registrations by phone."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.migrant.auth import CanBeHerself, CanRead, CanReadOwn, CanWrite
from services.migrant.self_registrations import confirming, handlers, poster, queries
from services.migrant.self_registrations.rules import Status
from services.migrant.self_registrations.schemas import (
    ConfirmedView,
    ConfirmSelfRegistration,
    FindSelfRegistrations,
    ReturnSelfRegistration,
    SelfRegister,
    SelfRegistrationView,
    WaitingView,
)
from services.migrant.types import ShortText, TownshipCode
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["registration by phone"], route_class=Route)


@router.post("/self-registrations", status_code=201, summary="Fill in the form on one's phone")
async def self_register(
    command: SelfRegister, actor: CanBeHerself, tx: PersonalTransaction, response: Response
) -> SelfRegistrationView:
    view = await handlers.self_register(command, tx)
    response.headers["Location"] = f"/migrant/v1/self-registrations/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/self-registrations", summary="Who waits for the desk, longest first")
async def list_waiting(
    actor: CanRead,
    tx: PersonalTransaction,
    region: Annotated[RegionCode | None, Query(max_length=12)] = None,
    status: Literal[Status.OPEN, Status.RETURNED] = Status.OPEN,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[WaitingView]:
    return await queries.list_waiting(region, status, limit, cursor, tx)


@router.post("/self-registration-searches", summary="Find it by the id card on the desk")
async def find_waiting(
    command: FindSelfRegistrations, actor: CanRead, tx: PersonalTransaction
) -> Sequence[WaitingView]:
    return await queries.find_waiting(command, tx)


@router.get("/self-registrations/{registration_id}", summary="Read a registration by phone")
async def get_self_registration(
    registration_id: UUID, actor: CanReadOwn, tx: PersonalTransaction, response: Response
) -> SelfRegistrationView:
    view = await queries.get_self_registration(registration_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.put("/self-registrations/{registration_id}", summary="Correct what one filled in")
async def change_self_registration(
    registration_id: UUID,
    command: SelfRegister,
    version: IfMatch,
    actor: CanBeHerself,
    tx: PersonalTransaction,
    response: Response,
) -> SelfRegistrationView:
    view = await handlers.change_self_registration(registration_id, command, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/self-registrations/{registration_id}/withdrawal", summary="Take it back")
async def withdraw_self_registration(
    registration_id: UUID, actor: CanBeHerself, tx: PersonalTransaction
) -> SelfRegistrationView:
    return await handlers.withdraw_self_registration(registration_id, tx)


@router.post("/self-registrations/{registration_id}/return", summary="Give it back to correct")
async def return_self_registration(
    registration_id: UUID,
    command: ReturnSelfRegistration,
    actor: CanWrite,
    tx: PersonalTransaction,
) -> SelfRegistrationView:
    return await handlers.return_self_registration(registration_id, command, tx)


@router.post(
    "/self-registrations/{registration_id}/confirmation",
    summary="The id cards were seen: register them",
)
async def confirm_self_registration(
    registration_id: UUID,
    command: ConfirmSelfRegistration,
    actor: CanWrite,
    tx: PersonalTransaction,
) -> ConfirmedView:
    return await confirming.confirm_self_registration(registration_id, command, tx)


Room = Annotated[UUID | None, Query(description="a room of the registry")]


@router.get(
    "/self-registration-code.svg",
    summary="A QR code of the form for a place",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
async def draw_code(
    request: Request, actor: CanRead, tx: Transaction, region: TownshipCode, room_id: Room = None
) -> Response:
    address = await poster.address_here(request.app.state.settings, region, room_id, tx)
    return Response(poster.qr_svg(address), media_type="image/svg+xml")


@router.get(
    "/self-registration-poster.pdf",
    summary="A notice with the QR code, for the wall",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_poster(
    request: Request,
    actor: CanRead,
    tx: Transaction,
    region: TownshipCode,
    place: Annotated[ShortText, Query(description="the name of the place, as people know it")],
    room_id: Room = None,
) -> Response:
    address = await poster.address_here(request.app.state.settings, region, room_id, tx)
    svg = poster.qr_svg(address)
    return Response(await poster.poster_pdf(svg, region, place), media_type="application/pdf")
