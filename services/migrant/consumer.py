"""Which events this service listens to."""

from services.migrant.consents.handlers import withdraw_opted_out
from services.migrant.people.handlers import merge_people
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.notify import ContactOptedOut
from shared.events.registry import PersonsMerged

consumer = Consumer("migrant")


@consumer.on(PersonsMerged)
async def on_persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await merge_people(event.kept_id, event.merged_id, tx)


@consumer.on(ContactOptedOut)
async def on_contact_opted_out(event: ContactOptedOut, tx: Tx) -> None:
    await withdraw_opted_out(event.person_id, event.purpose, tx)
