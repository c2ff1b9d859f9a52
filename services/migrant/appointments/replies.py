"""What people text back to the reminder of an appointment (预约回复)."""

from services.migrant.appointments.handlers import cancel
from services.migrant.appointments.models import Appointment
from services.migrant.appointments.rules import AppointmentStatus
from shared.db import Tx
from shared.events.notify import AppointmentReplied


async def take_reply(event: AppointmentReplied, tx: Tx) -> None:
    """She comes: the desk sees it. She does not: the time is free for somebody else, and nothing
    else follows. Words about a time that it no longer has, or that has passed, change nothing."""
    appointment = await tx.get(Appointment, event.appointment_id, lock=True)
    if (
        appointment is None
        or appointment.status != AppointmentStatus.BOOKED
        or appointment.revision != event.revision
        or appointment.at <= tx.now
    ):
        return
    if event.cancels:
        await cancel(appointment, tx)
    elif appointment.confirmed_at is None:
        appointment.confirmed_at = tx.now
        await tx.save(appointment)
    tx.saw(appointment.person_id, "appointment")
