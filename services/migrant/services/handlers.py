"""Recording services, and taking back what was recorded in error."""

from uuid import UUID

from services.migrant.appointments.handlers import keep_appointment
from services.migrant.consents.queries import require_consent
from services.migrant.people.queries import current_id
from services.migrant.services.errors import NothingToCorrect, RecordAnnulled
from services.migrant.services.models import ServiceRecord
from services.migrant.services.queries import view_of
from services.migrant.services.rules import AnnulmentReason, Service, consent_for
from services.migrant.services.schemas import (
    AnnulRecord,
    CorrectRecord,
    RecordService,
    ServiceRecordView,
)
from shared.db import Tx
from shared.events.migrant import ServiceDelivered, ServiceRecordAnnulled
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction


async def record_service(command: RecordService, tx: Tx) -> ServiceRecordView:
    """Record a service; an appointment it came from is then kept. Raises OutsideJurisdiction,
    ConsentNeeded, AppointmentClosed, NotFound."""
    person_id = await _ready(command.person_id, command.region, command.service, tx)
    if command.appointment_id is not None:
        await keep_appointment(command.appointment_id, person_id, tx)
    return await _recorded(command, person_id, tx)


async def record_referred(command: RecordService, referral_id: UUID, tx: Tx) -> ServiceRecordView:
    """Record the service that a referral ended in. Raises OutsideJurisdiction, ConsentNeeded."""
    person_id = await _ready(command.person_id, command.region, command.service, tx)
    return await _recorded(command, person_id, tx, referral_id=referral_id)


async def annul_record(command: AnnulRecord, record_id: UUID, tx: Tx) -> ServiceRecordView:
    """By the office that made it. Raises NotFound, RecordAnnulled."""
    record = await _own(record_id, tx)
    await _annul(record, command.reason, tx)
    tx.saw(record.person_id, "service")
    return view_of(record)


async def correct_record(command: CorrectRecord, record_id: UUID, tx: Tx) -> ServiceRecordView:
    """By the office that made it; returns the record that takes its place. Raises NotFound,
    RecordAnnulled, NothingToCorrect, ConsentNeeded, OutsideJurisdiction."""
    record = await _own(record_id, tx)
    changes = command.model_dump(exclude={"reason"}, exclude_none=True)
    before = record.model_dump(include=set(RecordService.model_fields))
    after = RecordService.model_validate(before | changes)
    if after.model_dump() == before:
        raise NothingToCorrect()
    await _ready(after.person_id, after.region, after.service, tx)
    await _annul(record, command.reason, tx)
    return await _recorded(
        after, record.person_id, tx, referral_id=record.referral_id, replaces_id=record.id
    )


async def _ready(person_id: UUID, region: str, service: Service, tx: Tx) -> UUID:
    """The person's present id, once place and consent are in order."""
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    current = await current_id(person_id, tx)
    await require_consent(current, consent_for(service), tx)
    return current


async def _own(record_id: UUID, tx: Tx) -> ServiceRecord:
    """Locked. Raises NotFound for a record of another office, RecordAnnulled."""
    record = await tx.require(ServiceRecord, record_id, lock=True)
    if record.office != tx.actor.org:
        raise NotFound()
    if record.annulled_at is not None:
        raise RecordAnnulled()
    return record


async def _annul(record: ServiceRecord, reason: AnnulmentReason, tx: Tx) -> None:
    record.annulled_at, record.annulled_by = tx.now, tx.actor.sub
    record.annulment_reason = reason
    await tx.save(record)
    tx.emit(
        ServiceRecordAnnulled(
            record_id=record.id,
            region=record.region,
            office=record.office,
            service=record.service,
            delivered_on=record.delivered_on,
            resident_kind=record.resident_kind,
            reason=reason,
        )
    )


async def _recorded(
    command: RecordService,
    person_id: UUID,
    tx: Tx,
    *,
    referral_id: UUID | None = None,
    replaces_id: UUID | None = None,
) -> ServiceRecordView:
    record = ServiceRecord(
        id=new_id(),
        office=tx.actor.org,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        referral_id=referral_id,
        replaces_id=replaces_id,
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
    return view_of(record)
