"""Which events this service listens to."""

from services.migrant.consents.handlers import withdraw_opted_out
from services.migrant.employments.handlers import link_waiting
from services.migrant.people.handlers import merge_people
from services.migrant.people.separating import separate_people
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.migrant import MigrantArrived
from shared.events.notify import ContactOptedOut
from shared.events.registry import PersonsMerged, PersonsSeparated

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
