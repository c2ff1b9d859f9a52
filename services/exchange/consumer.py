"""Which events this service listens to, each one a call of a handler."""

from typing import Literal

from services.exchange.claims import handlers as claims
from services.exchange.claims import papers
from services.exchange.dci import noticing as dci
from services.exchange.dci.models import Word
from services.exchange.dci.revising import revise
from services.exchange.handovers import handlers as handovers
from services.exchange.notices import events, services
from services.exchange.rights.subjects import learn_number
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.migrant import (
    ArrivalAnnulled,
    CertificateChecked,
    ConsentGiven,
    ConsentWithdrawn,
    MigrantArrived,
    MigrantDeparted,
    ServiceDelivered,
    ServiceRecordAnnulled,
    StayCorrected,
)
from shared.events.migrant_claims import (
    ClaimAnswered,
    ClaimPapersReleased,
    ClaimPaperTold,
    ClaimPlaced,
    ClaimStepTaken,
    ClaimSubmitted,
)
from shared.events.registry import (
    PersonsMerged,
    PersonsSeparated,
    RecordNotFound,
    RecordWritingStopped,
)
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthCorrected,
    BirthRegistered,
    BirthReinstated,
    DeathAnnulled,
    DeathCorrected,
    DeathRegistered,
    DivorceRegistered,
    MarriageAnnulled,
    MarriageCorrected,
    MarriageRegistered,
    MarriageReinstated,
)
from shared.subjects import follow_logins

consumer = Consumer("exchange")
follow_logins(consumer)
consumer.on(MigrantDeparted)(events.tell_of_departure)
consumer.on(ServiceDelivered)(services.tell_of_service)
consumer.on(ConsentGiven)(services.note_consent)
consumer.on(CertificateChecked)(events.tell_of_check)
consumer.on(PersonsSeparated)(events.separate)
consumer.on(RecordWritingStopped)(handovers.note_answer)
consumer.on(RecordNotFound)(handovers.note_answer)
consumer.on(ClaimSubmitted)(claims.carry_claim)
consumer.on(ClaimStepTaken)(claims.carry_step)
consumer.on(ClaimAnswered)(claims.carry_answer)
consumer.on(ClaimPaperTold)(papers.take_piece)
consumer.on(ClaimPlaced)(papers.place_papers)
consumer.on(ClaimPapersReleased)(papers.release_papers)


@consumer.on(MigrantArrived)
async def migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await learn_number(event.person_id, event.id_number, tx)
    await events.tell_of_arrival(event, tx)
    await dci.owe("arrival", [event.person_id], event.arrival_id, event.arrived_on, tx)


@consumer.on(StayCorrected)
async def stay_corrected(event: StayCorrected, tx: Tx) -> None:
    await events.amend_stay(event, tx)
    hers, day = [event.person_id], event.arrived_on
    await revise("arrival", Word.CORRECTED, event.arrival_id, hers, day, tx)


@consumer.on(ArrivalAnnulled)
async def arrival_annulled(event: ArrivalAnnulled, tx: Tx) -> None:
    await events.take_back_arrival(event, tx)
    await revise("arrival", Word.ANNULLED, event.arrival_id, [event.person_id], None, tx)


@consumer.on(ServiceRecordAnnulled)
async def service_record_annulled(event: ServiceRecordAnnulled, tx: Tx) -> None:
    await events.take_back_told(services.service_source(event.record_id), tx)


@consumer.on(ConsentWithdrawn)
async def consent_withdrawn(event: ConsentWithdrawn, tx: Tx) -> None:
    await services.note_withdrawal(event, tx)
    await dci.end_on_withdrawal(event, tx)


@consumer.on(BirthRegistered)
async def birth_registered(event: BirthRegistered, tx: Tx) -> None:
    await learn_number(event.mother_id, event.mother_id_number, tx)
    await events.tell_of_birth(event, tx)
    await dci.owe("birth", [event.child_id, event.mother_id], event.birth_id, event.born_on, tx)


@consumer.on(BirthCorrected)
async def birth_corrected(event: BirthCorrected, tx: Tx) -> None:
    await events.amend_birth(event, tx)
    both, another = [event.child_id, event.mother_id], "mother_id" in event.fields
    await revise("birth", Word.CORRECTED, event.birth_id, both, event.born_on, tx, others=another)


@consumer.on(BirthReinstated)
async def birth_reinstated(event: BirthReinstated, tx: Tx) -> None:
    await events.amend_birth(event, tx)
    both = [event.child_id, event.mother_id]
    await revise("birth", Word.REINSTATED, event.birth_id, both, event.born_on, tx)


@consumer.on(BirthAnnulled)
async def birth_annulled(event: BirthAnnulled, tx: Tx) -> None:
    await events.take_back_told(f"birth:{event.birth_id}", tx)
    both = [event.child_id, event.mother_id]
    await revise("birth", Word.ANNULLED, event.birth_id, both, None, tx)


@consumer.on(DeathRegistered)
async def death_registered(event: DeathRegistered, tx: Tx) -> None:
    await events.tell_of_death(event, tx)
    await dci.owe("death", [event.person_id], event.death_id, event.died_on, tx)


@consumer.on(DeathCorrected)
async def death_corrected(event: DeathCorrected, tx: Tx) -> None:
    await events.amend_death(event, tx)
    hers, day = [event.person_id], event.died_on
    await revise("death", Word.CORRECTED, event.death_id, hers, day, tx)


@consumer.on(DeathAnnulled)
async def death_annulled(event: DeathAnnulled, tx: Tx) -> None:
    await events.take_back_told(f"death:{event.death_id}", tx)
    await revise("death", Word.ANNULLED, event.death_id, [event.person_id], None, tx)


@consumer.on(PersonsMerged)
async def persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await events.repoint(event, tx)
    await dci.repoint(event, tx)
    await handovers.repoint(event, tx)


@consumer.on(MarriageRegistered)
async def marriage_registered(event: MarriageRegistered, tx: Tx) -> None:
    await dci.owe("marriage", event.spouse_ids, event.marriage_id, event.married_on, tx)


@consumer.on(DivorceRegistered)
async def divorce_registered(event: DivorceRegistered, tx: Tx) -> None:
    await dci.owe("divorce", event.spouse_ids, event.marriage_id, event.divorced_on, tx)


@consumer.on(MarriageCorrected)
async def marriage_corrected(event: MarriageCorrected, tx: Tx) -> None:
    word, day, another = Word.CORRECTED, event.happened_on, "spouses" in event.fields
    of, spouses = _union(event.kind), event.spouse_ids
    await revise(of, word, event.marriage_id, spouses, day, tx, others=another)


@consumer.on(MarriageAnnulled)
async def marriage_annulled(event: MarriageAnnulled, tx: Tx) -> None:
    of, spouses = _union(event.kind), event.spouse_ids
    await revise(of, Word.ANNULLED, event.marriage_id, spouses, None, tx)


@consumer.on(MarriageReinstated)
async def marriage_reinstated(event: MarriageReinstated, tx: Tx) -> None:
    of, day = _union(event.kind), event.happened_on
    await revise(of, Word.REINSTATED, event.marriage_id, event.spouse_ids, day, tx)


def _union(kind: str) -> Literal["marriage", "divorce"]:
    return "divorce" if kind == "divorce" else "marriage"
