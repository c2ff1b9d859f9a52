"""HTTP door of appointments and the times that places keep."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.migrant.appointments import handlers, queries, waiting
from services.migrant.appointments.rules import NearDay
from services.migrant.appointments.schemas import (
    AppointmentView,
    BookAppointment,
    MoveAppointment,
    SlotView,
    WaitForTime,
    WaitView,
)
from services.migrant.auth import (
    CanActForSelf,
    CanReadHere,
    CanReadOwn,
    CanReadOwnHere,
    CanRequest,
)
from services.migrant.services.rules import Service
from shared.http import PersonalTransaction, Route, Transaction

router = APIRouter(tags=["appointments"], route_class=Route)

Day = Annotated[NearDay, Query(description="a day in China")]


@router.get("/places/{place_id}/slots", summary="The free times of a day")
async def list_free(
    place_id: UUID, day: Day, service: Service, actor: CanReadOwnHere, tx: Transaction
) -> Sequence[SlotView]:
    return await queries.list_free(place_id, day, service, tx)


@router.get("/places/{place_id}/appointments", summary="The day's list of an office")
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


@router.post("/appointment-waits", status_code=201, summary="Wait for a time of a full day")
async def wait_for_time(
    command: WaitForTime, actor: CanRequest, tx: PersonalTransaction
) -> WaitView:
    return await waiting.wait_for_time(command, tx)


@router.get("/appointment-waits", summary="What a person waits for, and how many before her")
async def list_waits(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> Sequence[WaitView]:
    return await queries.list_waits(person_id, tx)


@router.post("/appointment-waits/{wait_id}/acceptance", summary="Take the time held for her")
async def accept_offer(
    wait_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> AppointmentView:
    return await waiting.accept_offer(wait_id, tx)


@router.post("/appointment-waits/{wait_id}/withdrawal", summary="Wait no longer")
async def withdraw_wait(wait_id: UUID, actor: CanActForSelf, tx: PersonalTransaction) -> WaitView:
    return await waiting.withdraw_wait(wait_id, tx)
