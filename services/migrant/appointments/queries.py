"""Reading places, free times and appointments; the person herself reads her own."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.migrant.appointments.models import Appointment, AppointmentPlace
from services.migrant.appointments.rules import (
    Slot,
    day_bounds,
    exceptions_of,
    left_of,
    slots_of,
    windows_of,
)
from services.migrant.appointments.schemas import AppointmentView, PlaceView, SlotView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from services.migrant.services.rules import Service
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.subjects import require_own

_PLACES = """
SELECT * FROM appointment_places WHERE starts_with(area, $1) AND id > $2 ORDER BY id LIMIT $3
"""
_DAY = """
SELECT a.*, p.name FROM appointments AS a LEFT JOIN people AS p ON p.person_id = a.person_id
WHERE a.place_id = $1 AND a.at >= $2 AND a.at < $3 AND a.status <> 'cancelled'
ORDER BY a.at, a.id
"""


async def list_places(area: str | None, limit: int, cursor: str | None, tx: Tx) -> Page[PlaceView]:
    """The places of an area, of the whole county when none is named."""
    found = await tx.find(
        AppointmentPlace, _PLACES, area or "", id_in(cursor) or BEFORE_ALL, limit + 1
    )
    shown = found[:limit]
    return Page(
        items=[place_view(each) for each in shown],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


async def get_place(place_id: UUID, tx: Tx) -> PlaceView:
    return place_view(await tx.require(AppointmentPlace, place_id))


async def list_free(place_id: UUID, day: date, service: Service, tx: Tx) -> Sequence[SlotView]:
    """The times of a day that can still be booked at a place."""
    return await free_slots(await tx.require(AppointmentPlace, place_id), day, service, tx)


async def free_slots(
    place: AppointmentPlace, day: date, service: Service, tx: Tx
) -> list[SlotView]:
    """The times of a day that are to come and not full, earliest first."""
    slots = day_slots(place, day, service)
    booked = await booked_of(place.id, day, tx)
    views = [
        SlotView(at=each.at, ends_at=each.ends_at, left=left_of(each, booked))
        for each in slots
        if each.at > tx.now
    ]
    return [each for each in views if each.left]


def day_slots(place: AppointmentPlace, day: date, service: Service) -> list[Slot]:
    return slots_of(day, windows_of(place.windows), exceptions_of(place.exceptions), service)


async def booked_of(place_id: UUID, day: date, tx: Tx) -> dict[tuple[datetime, str], int]:
    """How many appointments a place keeps on a day, by start and service, whoever booked them."""
    rows = await tx.fetch("SELECT * FROM booked_slots($1, $2, $3)", place_id, *day_bounds(day))
    return {(row["at"], row["service"]): row["booked"] for row in rows}


async def get_appointment(appointment_id: UUID, tx: Tx) -> AppointmentView:
    appointment = await tx.require(Appointment, appointment_id)
    await require_own(appointment.person_id, tx, *OFFICES)
    tx.saw(appointment.person_id, "appointment")
    return view_of(appointment)


async def list_day(place_id: UUID, day: date, tx: Tx) -> Sequence[AppointmentView]:
    """Who comes to a place on a day, as far as the caller's jurisdiction reaches: its office's
    list, in the order of the times."""
    await tx.require(AppointmentPlace, place_id)
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


def view_of(appointment: Appointment) -> AppointmentView:
    return AppointmentView.model_validate(appointment.model_dump())


def place_view(place: AppointmentPlace) -> PlaceView:
    return PlaceView.model_validate(place.model_dump())
