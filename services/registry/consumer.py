"""Which events the registry listens to."""

from typing import Any

from services.registry.households import events as households
from services.registry.persons import arrivals, desk_changes, notices, workplaces
from services.registry.persons.schemas import (
    NoteArrival,
    NoteArrivalAnnulled,
    NoteArrivalElsewhere,
    NoteBirthElsewhere,
    NoteCorrectionSuggested,
    NoteDeathElsewhere,
    NoteDeparture,
    NoteDepartureElsewhere,
    NoteEmployment,
    NoteEmploymentCorrection,
    NoteEmploymentEnd,
    NoteStayCorrected,
)
from services.registry.region_changes.queries import present_code
from services.registry.vital import certificate_facts
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.exchange import NoticeReceived
from shared.events.migrant import (
    ArrivalAnnulled,
    CertificateRequested,
    EmploymentCorrected,
    EmploymentEnded,
    EmploymentFiled,
    EmploymentWithdrawn,
    MigrantArrived,
    MigrantDeparted,
    StayCorrected,
)
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import DeathAnnulled, DeathRegistered
from shared.subjects import follow_logins

consumer = Consumer("registry")
follow_logins(consumer)


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


@consumer.on(StayCorrected)
async def stay_corrected(event: StayCorrected, tx: Tx) -> None:
    given = event.model_dump(exclude={"region", "was_region", "origin_region"})
    regions = {
        "region": await present_code(event.region, tx),
        "was_region": await present_code(event.was_region, tx),
    }
    await desk_changes.note_stay_corrected(NoteStayCorrected(**given, **regions), tx)


@consumer.on(ArrivalAnnulled)
async def arrival_annulled(event: ArrivalAnnulled, tx: Tx) -> None:
    await desk_changes.note_arrival_annulled(
        NoteArrivalAnnulled(
            **event.model_dump(include={"arrival_id", "person_id", "arrived_on"}),
            region=await present_code(event.region, tx),
            resumed=event.resumed_id is not None,
        ),
        tx,
    )


@consumer.on(EmploymentFiled)
async def employment_filed(event: EmploymentFiled, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await workplaces.note_employment(
        NoteEmployment(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(EmploymentEnded)
async def employment_ended(event: EmploymentEnded, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await workplaces.note_employment_end(
        NoteEmploymentEnd(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(EmploymentCorrected)
async def employment_corrected(event: EmploymentCorrected, tx: Tx) -> None:
    told = event.model_dump(include={"employment_id", "started_on", "ended_on"})
    region = await present_code(event.region, tx)
    await workplaces.note_employment_correction(NoteEmploymentCorrection(**told, region=region), tx)


@consumer.on(EmploymentWithdrawn)
async def employment_withdrawn(event: EmploymentWithdrawn, tx: Tx) -> None:
    await workplaces.note_employment_withdrawal(event.employment_id, tx)


@consumer.on(CertificateRequested)
async def certificate_requested(event: CertificateRequested, tx: Tx) -> None:
    await certificate_facts.answer_request(event.request_id, event.person_id, event.claims, tx)


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
