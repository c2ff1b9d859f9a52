"""Recording services and keeping appointments."""

from uuid import UUID

from services.migrant.consents.queries import stands
from services.migrant.errors import AppointmentClosed, ConsentNeeded
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.services.models import Appointment, ServiceRecord
from services.migrant.services.rules import AppointmentStatus, Service, consent_for
from services.migrant.services.schemas import (
    AppointmentView,
    BookAppointment,
    RecordService,
    ServiceRecordView,
)
from shared.db import Tx
from shared.events.migrant import ServiceDelivered
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import require_own


async def record_service(command: RecordService, tx: Tx) -> ServiceRecordView:
    """Record a service; an appointment it came from is then kept. Raises OutsideJurisdiction,
    ConsentNeeded, AppointmentClosed, NotFound."""
    person_id = await _ready(command.person_id, command.region, command.service, tx)
    if command.appointment_id is not None:
        await _close(command.appointment_id, AppointmentStatus.KEPT, tx)
    record = ServiceRecord(
        id=new_id(),
        office=tx.actor.org,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump() | {"person_id": person_id},
    )
    await tx.add(record)
    tx.emit(
        ServiceDelivered(
            record_id=record.id,
            person_id=person_id,
            region=record.region,
            office=record.office,
            service=record.service,
            delivered_on=record.delivered_on,
            resident_kind=record.resident_kind,
        )
    )
    tx.saw(person_id, "service")
    return ServiceRecordView.model_validate(record.model_dump())


async def book_appointment(command: BookAppointment, tx: Tx) -> AppointmentView:
    """Raises OutsideJurisdiction, ConsentNeeded."""
    person_id = await _ready(command.person_id, command.region, command.service, tx)
    appointment = Appointment(
        id=new_id(),
        office=tx.actor.org,
        status=AppointmentStatus.BOOKED,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump() | {"person_id": person_id},
    )
    await tx.add(appointment)
    tx.saw(person_id, "appointment")
    return AppointmentView.model_validate(appointment.model_dump())


async def cancel_appointment(appointment_id: UUID, tx: Tx) -> AppointmentView:
    """By the office or by the person herself; no reason is asked. Raises AppointmentClosed."""
    appointment = await _close(appointment_id, AppointmentStatus.CANCELLED, tx)
    tx.saw(appointment.person_id, "appointment")
    return AppointmentView.model_validate(appointment.model_dump())


async def _ready(person_id: UUID, region: str, service: Service, tx: Tx) -> UUID:
    """The person's present id, once place and consent are in order."""
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    current = await current_id(person_id, tx)
    consent = consent_for(service)
    if consent is not None and not await stands(current, consent, tx):
        raise ConsentNeeded(purpose=consent.value)
    return current


async def _close(appointment_id: UUID, status: AppointmentStatus, tx: Tx) -> Appointment:
    appointment = await tx.require(Appointment, appointment_id, lock=True)
    await require_own(appointment.person_id, tx, *OFFICES)
    if appointment.status != AppointmentStatus.BOOKED:
        raise AppointmentClosed()
    appointment.status = status
    await tx.save(appointment)
    return appointment
