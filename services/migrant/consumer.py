"""Which events this service listens to."""

from services.migrant.appointments import replies as appointments
from services.migrant.arrivals.doubts import annul_death, mark_doubt, record_death
from services.migrant.certificates import answers
from services.migrant.certificates.directory import note_participant
from services.migrant.claims.hearing import hear_answer
from services.migrant.claims.recalling import note_never_left
from services.migrant.claims.receiving import (
    note_claimant,
    receive_claim,
    receive_paper,
    receive_step,
)
from services.migrant.claims.telling import note_refused
from services.migrant.consents.handlers import withdraw_opted_out
from services.migrant.employments.handlers import link_waiting
from services.migrant.entitlements.following import follow_areas
from services.migrant.help.replies import take_reply
from services.migrant.people.handlers import merge_people
from services.migrant.people.recoding import follow_map
from services.migrant.people.separating import separate_people
from services.migrant.regions.handlers import note_regions
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.exchange import ParticipantListed
from shared.events.exchange_claims import (
    ClaimAnswerReceived,
    ClaimNeverLeft,
    ClaimPaperNotSent,
    ClaimPaperReceived,
    ClaimReceived,
    ClaimStepReceived,
)
from shared.events.migrant import MigrantArrived
from shared.events.notify import AppointmentReplied, ContactOptedOut, ReplyReceived
from shared.events.registry import (
    ArrivalDoubted,
    CertificateFactsFound,
    CertificateFactsMissing,
    ClaimantFound,
    PersonsMerged,
    PersonsSeparated,
    RegionsChanged,
    RegionsListed,
)
from shared.events.registry_vital import DeathAnnulled, DeathCorrected, DeathRegistered
from shared.usage import Purpose

consumer = Consumer("migrant")


@consumer.on(PersonsMerged)
async def on_persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await merge_people(event.kept_id, event.merged_id, tx)


@consumer.on(PersonsSeparated)
async def on_persons_separated(event: PersonsSeparated, tx: Tx) -> None:
    await separate_people(event.kept_id, event.merged_id, tx)


@consumer.on(MigrantArrived)
async def on_migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await link_waiting(event.person_id, event.id_number, event.name, tx)


@consumer.on(ContactOptedOut)
async def on_contact_opted_out(event: ContactOptedOut, tx: Tx) -> None:
    await withdraw_opted_out(event.person_id, event.purpose, tx)


@consumer.on(ArrivalDoubted)
async def on_arrival_doubted(event: ArrivalDoubted, tx: Tx) -> None:
    await mark_doubt(event.arrival_id, event.doubt, event.room_id, tx)


@consumer.on(DeathRegistered)
async def on_death_registered(event: DeathRegistered, tx: Tx) -> None:
    await record_death(event, tx)


@consumer.on(DeathCorrected)
async def on_death_corrected(event: DeathCorrected, tx: Tx) -> None:
    await record_death(event, tx)


@consumer.on(DeathAnnulled)
async def on_death_annulled(event: DeathAnnulled, tx: Tx) -> None:
    await annul_death(event, tx)


@consumer.on(RegionsChanged)
async def on_regions_changed(event: RegionsChanged, tx: Tx) -> None:
    await follow_map(event.pairs, tx)
    await follow_areas(event.pairs, tx)


@consumer.on(RegionsListed)
async def on_regions_listed(event: RegionsListed, tx: Tx) -> None:
    await note_regions(event, tx)


@consumer.on(ParticipantListed)
async def on_participant_listed(event: ParticipantListed, tx: Tx) -> None:
    await note_participant(event, tx)


@consumer.on(CertificateFactsFound)
async def on_certificate_facts_found(event: CertificateFactsFound, tx: Tx) -> None:
    tx.purpose = Purpose.CERTIFICATE
    await answers.note_facts(event.request_id, event.facts, tx)


@consumer.on(CertificateFactsMissing)
async def on_certificate_facts_missing(event: CertificateFactsMissing, tx: Tx) -> None:
    tx.purpose = Purpose.CERTIFICATE
    await answers.note_problems(event.request_id, event.problems, event.facts, tx)


@consumer.on(ClaimReceived)
async def on_claim_received(event: ClaimReceived, tx: Tx) -> None:
    await receive_claim(event, tx)


@consumer.on(ClaimStepReceived)
async def on_claim_step_received(event: ClaimStepReceived, tx: Tx) -> None:
    await receive_step(event, tx)


@consumer.on(ClaimAnswerReceived)
async def on_claim_answer_received(event: ClaimAnswerReceived, tx: Tx) -> None:
    await hear_answer(event, tx)


@consumer.on(ClaimNeverLeft)
async def on_claim_never_left(event: ClaimNeverLeft, tx: Tx) -> None:
    await note_never_left(event, tx)


@consumer.on(ClaimPaperReceived)
async def on_claim_paper_received(event: ClaimPaperReceived, tx: Tx) -> None:
    await receive_paper(event, tx)


@consumer.on(ClaimPaperNotSent)
async def on_claim_paper_not_sent(event: ClaimPaperNotSent, tx: Tx) -> None:
    await note_refused(event.paper_id, tx)


@consumer.on(ClaimantFound)
async def on_claimant_found(event: ClaimantFound, tx: Tx) -> None:
    await note_claimant(event.claim_id, event.person_id, event.region, tx)


@consumer.on(ReplyReceived)
async def on_reply_received(event: ReplyReceived, tx: Tx) -> None:
    await take_reply(event, tx)


@consumer.on(AppointmentReplied)
async def on_appointment_replied(event: AppointmentReplied, tx: Tx) -> None:
    tx.purpose = Purpose.SERVICE
    await appointments.take_reply(event, tx)
