"""Which events the registry listens to."""

from typing import Any

from services.registry.households import events as households
from services.registry.persons import arrivals, notices, workplaces
from services.registry.persons.schemas import (
    NoteArrival,
    NoteArrivalElsewhere,
    NoteBirthElsewhere,
    NoteCorrectionSuggested,
    NoteDeathElsewhere,
    NoteDeparture,
    NoteDepartureElsewhere,
    NoteEmployment,
)
from services.registry.region_changes.queries import present_code
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.exchange import NoticeReceived
from shared.events.migrant import EmploymentFiled, MigrantArrived, MigrantDeparted
from shared.events.registry import DeathAnnulled, DeathRegistered, PersonsMerged

consumer = Consumer("registry")


@consumer.on(MigrantArrived)
async def migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await arrivals.note_arrival(
        NoteArrival(
            **event.model_dump(exclude={"stay_purpose", "region"}),
            region=await present_code(event.region, tx),
        ),
        tx,
    )


@consumer.on(MigrantDeparted)
async def migrant_departed(event: MigrantDeparted, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await arrivals.note_departure(
        NoteDeparture(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(EmploymentFiled)
async def employment_filed(event: EmploymentFiled, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await workplaces.note_employment(
        NoteEmployment(**event.model_dump(exclude={"region"}), region=region), tx
    )


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
    elif event.kind == "departure":
        await notices.note_departure_elsewhere(
            NoteDepartureElsewhere(**_told(event), departed_on=event.happened_on), tx
        )
    elif event.kind == "death-registered":
        await notices.note_death_elsewhere(
            NoteDeathElsewhere(**_told(event), died_on=event.happened_on), tx
        )
    elif event.kind == "correction":
        await notices.note_correction_suggested(
            NoteCorrectionSuggested(**_told(event), noticed_on=event.happened_on), tx
        )


def _told(event: NoticeReceived) -> dict[str, Any]:
    return event.model_dump(include={"notice_id", "id_number", "region"})


@consumer.on(DeathRegistered)
async def death_registered(event: DeathRegistered, tx: Tx) -> None:
    """Our own: whichever way a death came in, her household hears of it."""
    await households.note_death(event.death_id, event.person_id, event.died_on, tx)


@consumer.on(DeathAnnulled)
async def death_annulled(event: DeathAnnulled, tx: Tx) -> None:
    await households.note_annulment(event.death_id, event.person_id, tx)


@consumer.on(PersonsMerged)
async def persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await households.note_merge(event.merged_id, tx)
