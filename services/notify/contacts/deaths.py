"""Nobody is written to after a death (死亡登记后停发).

Which deaths stand is kept apart from the contacts they close, so that a consent or a merge that is
heard of later finds the book closed, and the annulment of an error opens it again, in any order.
"""

from uuid import UUID

from services.notify.contacts.queries import current_person
from services.notify.messages.stopping import stop_texts
from shared.db import Tx
from shared.events.registry_vital import DeathAnnulled, DeathRegistered

_HEARD = """
INSERT INTO deaths (id, person_id, region, annulled) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET annulled = deaths.annulled OR excluded.annulled
"""
_CLOSE = """
UPDATE contacts SET closed = dead.yes
FROM (SELECT EXISTS (SELECT FROM deaths WHERE person_id = $1 AND NOT annulled) AS yes) AS dead
WHERE person_id = $1 AND closed <> dead.yes
"""
_STANDS = "SELECT EXISTS (SELECT FROM deaths WHERE person_id = $1 AND NOT annulled)"


async def hear_of_death(event: DeathRegistered, tx: Tx) -> None:
    """Close her contacts and take back what waits to be sent. A death whose annulment came first
    closes nothing."""
    await _hear(event, False, tx)


async def hear_of_annulment(event: DeathAnnulled, tx: Tx) -> None:
    """She is alive: what she agreed to holds again; texts that were taken back stay so."""
    await _hear(event, True, tx)


async def close_or_open(person_id: UUID, tx: Tx) -> None:
    """Make the contacts of a person say whether a death of hers stands."""
    await tx.execute(_CLOSE, person_id)
    if await tx.fetch_value(_STANDS, person_id):
        await stop_texts(person_id, None, tx, reason="person-died")


async def _hear(event: DeathRegistered | DeathAnnulled, annulled: bool, tx: Tx) -> None:
    person_id = await current_person(event.person_id, tx)
    await tx.execute(_HEARD, event.death_id, person_id, event.region, annulled)
    await close_or_open(person_id, tx)
