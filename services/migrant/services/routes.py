"""HTTP door of services delivered and appointments."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanActForSelf, CanReadOwn, CanWrite
from services.migrant.services import handlers, queries
from services.migrant.services.schemas import (
    AppointmentView,
    BookAppointment,
    RecordService,
    ServiceRecordView,
)
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["services"], route_class=Route)


@router.post("/service-records", status_code=201, summary="Record a service delivered")
async def record_service(
    command: RecordService, actor: CanWrite, tx: PersonalTransaction
) -> ServiceRecordView:
    return await handlers.record_service(command, tx)


@router.get("/service-records/{record_id}", summary="Read a service record")
async def get_record(
    record_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ServiceRecordView:
    return await queries.get_record(record_id, tx)


@router.post("/appointments", status_code=201, summary="Book an appointment")
async def book_appointment(
    command: BookAppointment, actor: CanWrite, tx: PersonalTransaction
) -> AppointmentView:
    return await handlers.book_appointment(command, tx)


@router.get("/appointments/{appointment_id}", summary="Read an appointment")
async def get_appointment(
    appointment_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> AppointmentView:
    return await queries.get_appointment(appointment_id, tx)


@router.post("/appointments/{appointment_id}/cancellation", summary="Cancel an appointment")
async def cancel_appointment(
    appointment_id: UUID, actor: CanActForSelf, tx: PersonalTransaction
) -> AppointmentView:
    return await handlers.cancel_appointment(appointment_id, tx)
