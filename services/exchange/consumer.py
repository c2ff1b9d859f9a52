"""Which events this service listens to, each one a call of a handler."""

from services.exchange.notices import events
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.migrant import CertificateChecked, MigrantArrived
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.events.registry_vital import BirthRegistered
from shared.subjects import follow_logins

consumer = Consumer("exchange")
follow_logins(consumer)


@consumer.on(MigrantArrived)
async def migrant_arrived(event: MigrantArrived, tx: Tx) -> None:
    await events.tell_of_arrival(event, tx)


@consumer.on(CertificateChecked)
async def certificate_checked(event: CertificateChecked, tx: Tx) -> None:
    await events.tell_of_check(event, tx)


@consumer.on(BirthRegistered)
async def birth_registered(event: BirthRegistered, tx: Tx) -> None:
    await events.tell_of_birth(event, tx)


@consumer.on(PersonsMerged)
async def persons_merged(event: PersonsMerged, tx: Tx) -> None:
    await events.repoint(event, tx)


@consumer.on(PersonsSeparated)
async def persons_separated(event: PersonsSeparated, tx: Tx) -> None:
    await events.separate(event, tx)
