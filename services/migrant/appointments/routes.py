"""HTTP door of appointments and the places that keep them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.appointments import handlers, queries
from services.migrant.appointments.rules import NearDay
from services.migrant.appointments.schemas import (
    AppointmentView,
    BookAppointment,
    KeepPlace,
    MoveAppointment,
    PlaceView,
    SlotView,
)
from services.migrant.auth import (
    CanActForSelf,
    CanReadHere,
    CanReadOwn,
    CanReadOwnHere,
    CanRequest,
    CanWrite,
)
from services.migrant.services.rules import Service
from shared.codes import RegionCode
from shared.http import Cursor, IfMatch, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["appointments"], route_class=Route)

Day = Annotated[NearDay, Query(description="a day in China")]


@router.post("/appointment-places", status_code=201, summary="Keep appointments at a place")
async def open_place(command: KeepPlace, actor: CanWrite, tx: Transaction) -> PlaceView:
    return await handlers.open_place(command, tx)


@router.get("/appointment-places", summary="Where appointments are kept")
async def list_places(
    actor: CanReadOwnHere,
    tx: Transaction,
    area: RegionCode | None = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[PlaceView]:
    return await queries.list_places(area, limit, cursor, tx)


@router.get("/appointment-places/{place_id}", summary="A place and its hours")
async def get_place(
    place_id: UUID, actor: CanReadOwnHere, tx: Transaction, response: Response
) -> PlaceView:
    place = await queries.get_place(place_id, tx)
    response.headers["ETag"] = etag(place.version)
    return place


@router.put("/appointment-places/{place_id}", summary="Change a place or its hours")
async def change_place(
    place_id: UUID, command: KeepPlace, actor: CanWrite, tx: Transaction, version: IfMatch
) -> PlaceView:
    return await handlers.change_place(place_id, version, command, tx)


@router.get("/appointment-places/{place_id}/slots", summary="The free times of a day")
async def list_free(
    place_id: UUID, day: Day, service: Service, actor: CanReadOwnHere, tx: Transaction
) -> Sequence[SlotView]:
    return await queries.list_free(place_id, day, service, tx)


@router.get("/appointment-places/{place_id}/appointments", summary="The day's list of an office")
async def list_day(
    place_id: UUID, day: Day, actor: CanReadHere, tx: PersonalTransaction
) -> Sequence[AppointmentView]:
    return await queries.list_day(place_id, day, tx)


@router.get("/appointments", summary="A person's appointments")
async def list_appointments(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> Sequence[AppointmentView]:
    return await queries.list_appointments(person_id, tx)


@router.post("/appointments", status_code=201, summary="Book an appointment")
async def book_appointment(
    command: BookAppointment, actor: CanRequest, tx: PersonalTransaction
) -> AppointmentView:
    return await handlers.book_appointment(command, tx)


@router.get("/appointments/{appointment_id}", summary="Read an appointment")
async def get_appointment(
    appointment_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> AppointmentView:
    return await queries.get_appointment(appointment_id, tx)


@router.post("/appointments/{appointment_id}/move", summary="Move an appointment")
async def move_appointment(
    appointment_id: UUID, command: MoveAppointment, actor: CanActForSelf, tx: PersonalTransaction
) -> AppointmentView:
    return await handlers.move_appointment(appointment_id, command, tx)


@router.post("/appointments/{appointment_id}/cancellation", summary="Cancel an appointment")
async def cancel_appointment(
    appointment_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> AppointmentView:
    return await handlers.cancel_appointment(appointment_id, tx)
