"""Beside the service: times that came free are offered to whoever waits, in the order in which
they asked. Whatever freed them (a cancellation, a consent taken back, longer hours): this looks at
what is free now."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

from services.migrant.appointments.models import Appointment, AppointmentWait
from services.migrant.appointments.queries import booked_of, booking_of, day_slots, is_busy
from services.migrant.appointments.rules import (
    AppointmentStatus,
    Booking,
    Slot,
    Taken,
    WaitStatus,
    hold_until,
    left_of,
)
from services.migrant.consents.queries import require_consent
from services.migrant.errors import ConsentNeeded
from services.migrant.limits.queries import limits_of
from services.migrant.limits.rules import Limit
from services.migrant.places.models import Place
from services.migrant.services.rules import Service, consent_for
from shared.app import Parts
from shared.db import Tx
from shared.events.migrant import AppointmentOffered
from shared.ids import new_id
from shared.jobs import repeating
from shared.usage import Purpose

_EVERY: Final = 10.0
_LAPSE = """
WITH lapsed AS (
  UPDATE appointment_waits SET status = 'lapsed'
  WHERE status = 'offered' AND held_until <= $1 RETURNING appointment_id)
UPDATE appointments SET status = 'cancelled'
WHERE status = 'held' AND id IN (SELECT appointment_id FROM lapsed)
"""
_OVER = "UPDATE appointment_waits SET status = 'over' WHERE status = 'waiting' AND day < $1"
_PLACES = """
SELECT * FROM places WHERE id IN (SELECT place_id FROM appointment_waits WHERE status = 'waiting')
ORDER BY id FOR UPDATE SKIP LOCKED
"""
_WAITING = """
SELECT * FROM appointment_waits WHERE place_id = $1 AND status = 'waiting'
ORDER BY day, id FOR UPDATE SKIP LOCKED
"""


def offering(parts: Parts) -> AbstractAsyncContextManager[None]:
    """Looks at start and every ten seconds; several replicas share the places."""
    return repeating(parts, "waiting-list", offer_free, every=_EVERY, purpose=Purpose.SERVICE)


async def offer_free(tx: Tx) -> None:
    """Doing it twice offers nothing more. A place that somebody books at just now comes next
    time."""
    await tx.execute(_LAPSE, tx.now)
    await tx.execute(_OVER, tx.today)
    for place in await tx.find(Place, _PLACES):
        booking = booking_of(place)
        if booking is not None:
            limits = await limits_of(place.area, tx)
            answering = range(limits[Limit.ANSWER_FROM_HOUR], limits[Limit.ANSWER_UNTIL_HOUR])
            for wait in await tx.find(AppointmentWait, _WAITING, place.id):
                await _offer(wait, place, booking, answering, tx)


async def _offer(
    wait: AppointmentWait, place: Place, booking: Booking, answering: range, tx: Tx
) -> None:
    taken = Taken(await booked_of(place.id, wait.day, tx))  # with what was held a moment ago
    free = [
        slot
        for slot in day_slots(place, wait.day, Service(wait.service))
        if slot.at > tx.now and left_of(slot, taken)
    ]
    if free and not await _agreed(wait, tx):
        return
    for slot in free:
        if not await is_busy(wait.person_id, slot.at, slot.ends_at, tx):
            until = hold_until(tx.now, booking.hold_minutes, slot.at, answering)
            await _hold(wait, place, slot, until, tx)
            return
    if free and wait.passed_at is None:
        wait.passed_at = tx.now
        await tx.save(wait)


async def _agreed(wait: AppointmentWait, tx: Tx) -> bool:
    """Whether the consent that the service leans on still stands; without it she waits no more."""
    try:
        await require_consent(wait.person_id, consent_for(Service(wait.service)), tx)
    except ConsentNeeded:
        wait.status = WaitStatus.WITHDRAWN
        await tx.save(wait)
        return False
    return True


async def _hold(wait: AppointmentWait, place: Place, slot: Slot, until: datetime, tx: Tx) -> None:
    held = Appointment(
        id=new_id(),
        person_id=wait.person_id,
        region=place.area,
        office=str(place.org),
        service=wait.service,
        at=slot.at,
        ends_at=slot.ends_at,
        status=AppointmentStatus.HELD,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        place_id=place.id,
        booked_from=wait.booked_from,
    )
    await tx.add(held)
    wait.status, wait.appointment_id, wait.held_until = WaitStatus.OFFERED, held.id, until
    await tx.save(wait)
    tx.emit(
        AppointmentOffered(
            wait_id=wait.id,
            person_id=wait.person_id,
            region=place.area,
            at=slot.at,
            held_until=until,
            place_zh=place.name_zh,
            place_en=place.name_en,
        )
    )
    tx.saw(wait.person_id, "appointment")
