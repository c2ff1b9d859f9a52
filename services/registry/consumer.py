"""Which events the registry listens to."""

from services.registry.persons import arrivals
from services.registry.persons.schemas import (
    NoteArrival,
    NoteArrivalElsewhere,
    NoteBirthElsewhere,
    NoteDeparture,
)
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.exchange import NoticeReceived
from shared.events.migrant import MigrantArrived, MigrantDeparted

consumer = Consumer("registry")


@consumer.on(MigrantArrived)
async def migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await arrivals.note_arrival(
        NoteArrival(**event.model_dump(exclude={"stay_purpose"})),
        tx,
    )


@consumer.on(MigrantDeparted)
async def migrant_departed(event: MigrantDeparted, tx: Tx) -> None:
    await arrivals.note_departure(NoteDeparture(**event.model_dump()), tx)


@consumer.on(NoticeReceived)
async def notice_received(event: NoticeReceived, tx: Tx) -> None:
    """Notices of other kinds are for other services."""
    if event.kind == "arrival":
        await arrivals.note_arrival_elsewhere(
            NoteArrivalElsewhere(
                notice_id=event.notice_id,
                id_number=event.id_number,
                region=event.region,
                arrived_on=event.happened_on,
            ),
            tx,
        )
    elif event.kind == "birth-registered":
        await arrivals.note_birth_elsewhere(
            NoteBirthElsewhere(
                notice_id=event.notice_id,
                mother_id_number=event.id_number,
                region=event.region,
                born_on=event.happened_on,
            ),
            tx,
        )
