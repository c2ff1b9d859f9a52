"""Booking, moving, cancelling and keeping appointments."""

from datetime import date, datetime
from uuid import UUID

from services.migrant.appointments.errors import (
    AlreadyBegun,
    AppointmentClosed,
    ClosedThen,
    DoubleBooked,
    SlotFull,
    TooFarAhead,
)
from services.migrant.appointments.models import Appointment
from services.migrant.appointments.queries import (
    booking_of,
    day_slots,
    free_slots,
    is_busy,
    taken_of,
    view_of,
)
from services.migrant.appointments.rules import AppointmentStatus, Slot, left_of, local_day
from services.migrant.appointments.schemas import (
    AppointmentView,
    BookAppointment,
    MoveAppointment,
)
from services.migrant.consents.queries import require_consent
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.places.models import Place
from services.migrant.services.rules import Service, consent_for
from shared.db import Tx
from shared.events.migrant import AppointmentBooked, AppointmentCancelled, AppointmentChanged
from shared.ids import new_id
from shared.problems import NotFound
from shared.subjects import require_own

_ALTERNATIVES = 5


async def book_appointment(command: BookAppointment, tx: Tx) -> AppointmentView:
    """By an office of the county for anyone, by a person for herself. Raises ConsentNeeded,
    DoubleBooked, ClosedThen, TooFarAhead, SlotFull, NotFound."""
    await require_own(command.person_id, tx, *OFFICES)
    person_id = await current_id(command.person_id, tx)
    await require_consent(person_id, consent_for(command.service), tx)
    place, slot = await _take(person_id, command.place_id, command.service, command.at, None, tx)
    appointment = Appointment(
        id=new_id(),
        person_id=person_id,
        region=place.area,
        office=str(place.org),
        service=command.service,
        at=slot.at,
        ends_at=slot.ends_at,
        status=AppointmentStatus.BOOKED,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        place_id=place.id,
        booked_from=tx.actor.region,
    )
    await tx.add(appointment)
    tell_booked(appointment, place, tx)
    tx.saw(person_id, "appointment")
    return view_of(appointment)


def tell_booked(appointment: Appointment, place: Place, tx: Tx) -> None:
    tx.emit(
        AppointmentBooked(
            appointment_id=appointment.id,
            person_id=appointment.person_id,
            region=place.area,
            at=appointment.at,
            place_zh=place.name_zh,
            place_en=place.name_en,
            revision=appointment.revision,
        )
    )


async def move_appointment(
    appointment_id: UUID, command: MoveAppointment, tx: Tx
) -> AppointmentView:
    """To another time of the same place; the old one is free at once. Raises AppointmentClosed
    and what booking raises."""
    appointment = await _open(appointment_id, tx)
    if appointment.place_id is None:
        raise AppointmentClosed()
    service = Service(appointment.service)
    await require_consent(appointment.person_id, consent_for(service), tx)
    place, slot = await _take(
        appointment.person_id, appointment.place_id, service, command.at, appointment, tx
    )
    appointment.at = slot.at
    appointment.ends_at = slot.ends_at
    appointment.confirmed_at = None
    appointment.revision += 1
    await tx.save(appointment)
    tx.emit(
        AppointmentChanged(
            appointment_id=appointment.id,
            person_id=appointment.person_id,
            region=place.area,
            at=slot.at,
            place_zh=place.name_zh,
            place_en=place.name_en,
            revision=appointment.revision,
        )
    )
    tx.saw(appointment.person_id, "appointment")
    return view_of(appointment)


async def cancel_appointment(appointment_id: UUID, tx: Tx) -> AppointmentView:
    """By the office or by the person herself; no reason is asked. Raises AppointmentClosed."""
    appointment = await _open(appointment_id, tx)
    await cancel(appointment, tx)
    tx.saw(appointment.person_id, "appointment")
    return view_of(appointment)


async def cancel(appointment: Appointment, tx: Tx) -> None:
    """Set an appointment that stands, and is locked, free."""
    appointment.status = AppointmentStatus.CANCELLED
    appointment.revision += 1
    await tx.save(appointment)
    tx.emit(
        AppointmentCancelled(
            appointment_id=appointment.id,
            person_id=appointment.person_id,
            revision=appointment.revision,
        )
    )


async def keep_appointment(appointment_id: UUID, person_id: UUID, tx: Tx) -> None:
    """She came, and the service is being recorded. Raises AppointmentClosed; NotFound for an
    appointment of somebody else."""
    appointment = await _open(appointment_id, tx)
    if appointment.person_id != person_id:
        raise NotFound()
    appointment.status = AppointmentStatus.KEPT
    await tx.save(appointment)


async def _open(appointment_id: UUID, tx: Tx) -> Appointment:
    """An appointment that stands, locked."""
    appointment = await tx.require(Appointment, appointment_id, lock=True)
    await require_own(appointment.person_id, tx, *OFFICES)
    if appointment.status != AppointmentStatus.BOOKED:
        raise AppointmentClosed()
    return appointment


async def _take(
    person_id: UUID,
    place_id: UUID,
    service: Service,
    at: datetime,
    moving: Appointment | None,
    tx: Tx,
) -> tuple[Place, Slot]:
    """A free time of a place for a person. Person, then place are locked until the commit, so
    that of two who ask for the last time at once the second is told that it is taken."""
    await lock_person(person_id, tx)
    place = await tx.require(Place, place_id, lock=True)
    day = local_day(at)
    if at <= tx.now:
        raise AlreadyBegun()
    check_ahead(place, day, tx)
    slot = next((each for each in day_slots(place, day, service) if each.at == at), None)
    if slot is None:
        raise ClosedThen(free=await _alternatives(place, at, service, tx))
    if await is_busy(person_id, slot.at, slot.ends_at, tx, moving.id if moving else None):
        raise DoubleBooked()
    if not left_of(slot, await taken_of(place.id, day, tx)):
        raise SlotFull(free=await _alternatives(place, at, service, tx))
    return place, slot


async def lock_person(person_id: UUID, tx: Tx) -> None:
    """One booking of a person at a time."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(person_id))


def check_ahead(place: Place, day: date, tx: Tx) -> None:
    """Raises TooFarAhead; ClosedThen for a place that keeps no appointments."""
    booking = booking_of(place)
    if booking is None:
        raise ClosedThen(free=[])
    if (day - tx.today).days > booking.days_ahead:
        raise TooFarAhead()


async def _alternatives(place: Place, at: datetime, service: Service, tx: Tx) -> list[str]:
    """The free times of that day nearest to the one asked for."""
    free = await free_slots(place, local_day(at), service, tx)
    nearest = sorted(free, key=lambda each: abs(each.at - at))[:_ALTERNATIVES]
    return sorted(each.at.isoformat() for each in nearest)
