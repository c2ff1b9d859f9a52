"""Reading services delivered and appointments; the person herself reads her own."""

from uuid import UUID

from services.migrant.people.rules import OFFICES
from services.migrant.services.models import Appointment, ServiceRecord
from services.migrant.services.schemas import AppointmentView, ServiceRecordView
from shared.db import Tx
from shared.subjects import require_own


async def get_record(record_id: UUID, tx: Tx) -> ServiceRecordView:
    record = await tx.require(ServiceRecord, record_id)
    await require_own(record.person_id, tx, *OFFICES)
    tx.saw(record.person_id, "service")
    return ServiceRecordView.model_validate(record.model_dump())


async def get_appointment(appointment_id: UUID, tx: Tx) -> AppointmentView:
    appointment = await tx.require(Appointment, appointment_id)
    await require_own(appointment.person_id, tx, *OFFICES)
    tx.saw(appointment.person_id, "appointment")
    return AppointmentView.model_validate(appointment.model_dump())
