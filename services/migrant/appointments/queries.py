"""Reading free times and appointments; the person herself reads her own."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.migrant.appointments.models import Appointment, AppointmentWait
from services.migrant.appointments.rules import (
    Booking,
    Slot,
    Taken,
    WaitStatus,
    day_bounds,
    left_of,
    slots_of,
)
from services.migrant.appointments.schemas import AppointmentView, SlotView, WaitView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.places.models import Place
from services.migrant.services.rules import Service
from shared.db import Tx
from shared.subjects import require_own

_HERS = "SELECT * FROM appointment_waits WHERE person_id = $1 ORDER BY id"
_DAY = """
SELECT a.*, p.name FROM appointments AS a LEFT JOIN people AS p ON p.person_id = a.person_id
WHERE a.place_id = $1 AND a.at >= $2 AND a.at < $3 AND a.status <> 'cancelled'
ORDER BY a.at, a.id
"""


async def list_free(place_id: UUID, day: date, service: Service, tx: Tx) -> Sequence[SlotView]:
    """The times of a day that can still be booked at a place."""
    return await free_slots(await tx.require(Place, place_id), day, service, tx)


async def free_slots(place: Place, day: date, service: Service, tx: Tx) -> list[SlotView]:
    """The times of a day that are to come and not full, earliest first."""
    slots = day_slots(place, day, service)
    taken = await taken_of(place.id, day, tx)
    views = [
        SlotView(at=each.at, ends_at=each.ends_at, left=left_of(each, taken))
        for each in slots
        if each.at > tx.now
    ]
    return [each for each in views if each.left]


def day_slots(place: Place, day: date, service: Service) -> list[Slot]:
    """The times of a day that a place keeps, none where it is closed or keeps none."""
    booking = booking_of(place)
    return slots_of(day, booking, service) if booking and place.open_on(day) else []


def booking_of(place: Place) -> Booking | None:
    return None if place.booking is None else Booking.model_validate(place.booking)


async def booked_of(place_id: UUID, day: date, tx: Tx) -> dict[tuple[datetime, str], int]:
    """How many appointments a place keeps on a day, by start and service, whoever booked them."""
    rows = await tx.fetch("SELECT * FROM booked_slots($1, $2, $3)", place_id, *day_bounds(day))
    return {(row["at"], row["service"]): row["booked"] for row in rows}


async def taken_of(place_id: UUID, day: date, tx: Tx) -> Taken:
    """What of a day is booked, and how many come before whoever asks now: they wait for a time
    of that day, whichever comes free."""
    rows = await tx.fetch("SELECT * FROM waiting_for($1, $2)", place_id, day)
    promised = {row["service"]: row["waiting"] for row in rows}
    return Taken(booked=await booked_of(place_id, day, tx), promised=promised)


async def is_busy(
    person_id: UUID, at: datetime, ends_at: datetime, tx: Tx, except_for: UUID | None = None
) -> bool:
    """Whether she has another appointment then, wherever in the county."""
    busy: bool = await tx.fetch_value(
        "SELECT busy_then($1, $2, $3, $4)", person_id, at, ends_at, except_for
    )
    return busy


async def get_appointment(appointment_id: UUID, tx: Tx) -> AppointmentView:
    appointment = await tx.require(Appointment, appointment_id)
    await require_own(appointment.person_id, tx, *OFFICES)
    tx.saw(appointment.person_id, "appointment")
    return view_of(appointment)


async def list_day(place_id: UUID, day: date, tx: Tx) -> Sequence[AppointmentView]:
    """Who comes to a place on a day, as far as the caller's jurisdiction reaches: its office's
    list, in the order of the times."""
    await tx.require(Place, place_id)
    rows = await tx.fetch(_DAY, place_id, *day_bounds(day))
    for row in rows:
        tx.saw(row["person_id"], "appointment")
    return [AppointmentView.model_validate(dict(row)) for row in rows]


async def list_appointments(person_id: UUID, tx: Tx) -> Sequence[AppointmentView]:
    """A person's appointments in the order of their times. She herself reads her own."""
    await require_own(person_id, tx, *OFFICES)
    current = await current_id(person_id, tx)
    found = await tx.find(
        Appointment, "SELECT * FROM appointments WHERE person_id = $1 ORDER BY at, id", current
    )
    if found:
        tx.saw(current, "appointment")
    return [view_of(each) for each in found]


async def list_waits(person_id: UUID, tx: Tx) -> Sequence[WaitView]:
    """Oldest first. She herself reads her own."""
    await require_own(person_id, tx, *OFFICES)
    return await waits_of(await current_id(person_id, tx), tx)


async def waits_of(current: UUID, tx: Tx) -> Sequence[WaitView]:
    return [await wait_view(each, tx) for each in await tx.find(AppointmentWait, _HERS, current)]


async def wait_view(wait: AppointmentWait, tx: Tx) -> WaitView:
    """The view, with the usage entry it leaves."""
    tx.saw(wait.person_id, "appointment")
    held = await held_for(wait, tx)
    waiting = wait.status == WaitStatus.WAITING
    return WaitView(
        ahead=await tx.fetch_value("SELECT waits_before($1)", wait.id) if waiting else None,
        at=held.at if held else None,
        ends_at=held.ends_at if held else None,
        held_until=wait.held_until if held else None,
        appointment_id=wait.appointment_id if wait.status == WaitStatus.TAKEN else None,
        **wait.model_dump(
            include={"id", "person_id", "place_id", "service", "day", "status", "asked_at"}
        ),
    )


async def held_for(wait: AppointmentWait, tx: Tx, *, lock: bool = False) -> Appointment | None:
    """The time that is offered to her now."""
    if wait.status != WaitStatus.OFFERED or wait.appointment_id is None:
        return None
    return await tx.get(Appointment, wait.appointment_id, lock=lock)


def view_of(appointment: Appointment) -> AppointmentView:
    return AppointmentView.model_validate(appointment.model_dump())
