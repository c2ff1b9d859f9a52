"""What the coming and going of a consent does to the appointments that are still to come."""

from uuid import UUID

from services.migrant.consents.rules import ConsentPurpose
from services.migrant.services.rules import Service, consent_for
from shared.db import Tx
from shared.events.migrant import AppointmentBooked, AppointmentCancelled


async def cancel_leaning(person_id: UUID, purpose: ConsentPurpose, tx: Tx) -> None:
    """She took a consent back: what was booked for services that run on it is cancelled, and she
    is on no waiting list for them, in whichever township that was."""
    services = [each.value for each in Service if consent_for(each) is purpose]
    if not services:
        return
    await tx.execute("SELECT end_waits($1, $2)", person_id, services)
    for row in await tx.fetch(
        "SELECT * FROM cancel_planned($1, $2, $3)", person_id, services, tx.now
    ):
        tx.emit(
            AppointmentCancelled(
                appointment_id=row["id"], person_id=person_id, revision=row["revision"]
            )
        )


async def announce(person_id: UUID, tx: Tx) -> None:
    """She agreed to be reminded: say again what is booked already, so that it can be."""
    for row in await tx.fetch("SELECT * FROM planned_appointments($1, $2)", person_id, tx.now):
        tx.emit(
            AppointmentBooked(
                appointment_id=row["id"],
                person_id=person_id,
                region=row["region"],
                at=row["at"],
                place_zh=row["name_zh"],
                place_en=row["name_en"],
                revision=row["revision"],
            )
        )
