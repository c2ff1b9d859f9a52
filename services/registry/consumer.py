"""Which events the registry listens to."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from services.registry.errors import RecordKeptElsewhere
from services.registry.households import events as households
from services.registry.persons import (
    amendments,
    arrivals,
    claimants,
    desk_changes,
    keeping,
    notices,
    workplaces,
)
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
    NoteNoticeAmended,
    NoteStayCorrected,
)
from services.registry.region_changes.queries import present_code
from services.registry.region_changes.telling import tell_sought
from services.registry.vital import certificate_facts
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.base import Event
from shared.events.exchange import (
    NoticeAmended,
    NoticeReceived,
    RecordKeepingResumed,
    RecordKeepingStopped,
)
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
from shared.events.migrant_claims import ClaimantSought
from shared.events.migrant_regions import RegionsSought
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import DeathAnnulled, DeathRegistered
from shared.subjects import follow_logins

consumer = Consumer("registry")
follow_logins(consumer)

E = TypeVar("E", bound=Event)


def unless_kept_elsewhere(
    handle: Callable[[E, Tx], Awaitable[None]],
) -> Callable[[E, Tx], Awaitable[None]]:
    """What a desk or employer of ours tells of somebody whose record another county keeps changes
    nothing in it here. That county hears of it by a notice; the fact itself stays with the service
    that told of it."""

    @wraps(handle)
    async def handler(event: E, tx: Tx) -> None:
        with suppress(RecordKeptElsewhere):
            async with tx.attempt():
                await handle(event, tx)

    return handler


@consumer.on(MigrantArrived)
@unless_kept_elsewhere
async def migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await arrivals.note_arrival(
        NoteArrival(
            **event.model_dump(exclude={"stay_purpose", "region", "origin_region"}),
            region=await present_code(event.region, tx),
            origin_region=await present_code(event.origin_region, tx),
        ),
        tx,
    )


@consumer.on(MigrantDeparted)
@unless_kept_elsewhere
async def migrant_departed(event: MigrantDeparted, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await arrivals.note_departure(
        NoteDeparture(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(StayCorrected)
@unless_kept_elsewhere
async def stay_corrected(event: StayCorrected, tx: Tx) -> None:
    given = event.model_dump(exclude={"region", "was_region", "origin_region"})
    regions = {
        "region": await present_code(event.region, tx),
        "was_region": await present_code(event.was_region, tx),
    }
    await desk_changes.note_stay_corrected(NoteStayCorrected(**given, **regions), tx)


@consumer.on(ArrivalAnnulled)
@unless_kept_elsewhere
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
@unless_kept_elsewhere
async def employment_filed(event: EmploymentFiled, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await workplaces.note_employment(
        NoteEmployment(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(EmploymentEnded)
@unless_kept_elsewhere
async def employment_ended(event: EmploymentEnded, tx: Tx) -> None:
    region = await present_code(event.region, tx)
    await workplaces.note_employment_end(
        NoteEmploymentEnd(**event.model_dump(exclude={"region"}), region=region), tx
    )


@consumer.on(EmploymentCorrected)
@unless_kept_elsewhere
async def employment_corrected(event: EmploymentCorrected, tx: Tx) -> None:
    told = event.model_dump(include={"employment_id", "started_on", "ended_on"})
    region = await present_code(event.region, tx)
    await workplaces.note_employment_correction(NoteEmploymentCorrection(**told, region=region), tx)


@consumer.on(EmploymentWithdrawn)
@unless_kept_elsewhere
async def employment_withdrawn(event: EmploymentWithdrawn, tx: Tx) -> None:
    await workplaces.note_employment_withdrawal(event.employment_id, tx)


@consumer.on(CertificateRequested)
async def certificate_requested(event: CertificateRequested, tx: Tx) -> None:
    await certificate_facts.answer_request(event.request_id, event.person_id, event.claims, tx)


@consumer.on(ClaimantSought)
async def claimant_sought(event: ClaimantSought, tx: Tx) -> None:
    await claimants.find_claimant(event.claim_id, event.id_number, tx)


@consumer.on(RegionsSought)
async def regions_sought(event: RegionsSought, tx: Tx) -> None:
    await tell_sought(event.within, event.held, tx)


@consumer.on(NoticeReceived)
@unless_kept_elsewhere
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


@consumer.on(NoticeAmended)
@unless_kept_elsewhere
@unless_kept_elsewhere
async def notice_amended(event: NoticeAmended, tx: Tx) -> None:
    await amendments.note_notice_amended(
        NoteNoticeAmended(**event.model_dump(exclude={"from_node"})), tx
    )


def _told(event: NoticeReceived) -> dict[str, Any]:
    return event.model_dump(include={"notice_id", "id_number", "region"})


@consumer.on(DeathRegistered)
@unless_kept_elsewhere
async def death_registered(event: DeathRegistered, tx: Tx) -> None:
    """Our own: whichever way a death came in, her household hears of it."""
    await households.note_death(event.death_id, event.person_id, event.died_on, tx)


@consumer.on(DeathAnnulled)
@unless_kept_elsewhere
async def death_annulled(event: DeathAnnulled, tx: Tx) -> None:
    await households.note_annulment(event.death_id, event.person_id, tx)


@consumer.on(PersonsMerged)
async def persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await households.note_merge(event.merged_id, tx)


@consumer.on(RecordKeepingStopped)
async def record_keeping_stopped(event: RecordKeepingStopped, tx: Tx) -> None:
    await keeping.stop_writing(event, tx)


@consumer.on(RecordKeepingResumed)
async def record_keeping_resumed(event: RecordKeepingResumed, tx: Tx) -> None:
    await keeping.go_on_writing(event, tx)
