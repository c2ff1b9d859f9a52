"""Where people who came live, as the migrant service tells it (居住登记): who a campaign may reach.

Ids are in time order: the newest arrival or departure of a person holds, in whichever order they
are heard of."""

from uuid import UUID

from services.notify.contacts.models import Stay
from services.notify.contacts.queries import current_person
from shared.db import Tx
from shared.events.migrant import ArrivalAnnulled, MigrantArrived, MigrantDeparted, StayCorrected
from shared.events.registry import PersonsMerged
from shared.ids import new_id

_PROVINCE_DIGITS = 2
_ONE = "SELECT * FROM stays WHERE person_id = $1 FOR UPDATE"
_RIVALS = "SELECT * FROM stays WHERE person_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"


async def hear_of_arrival(event: MigrantArrived, tx: Tx) -> None:
    """Keep where she lives now, from which province she came, when and what for."""
    person_id = await current_person(event.person_id, tx)
    found = await _stay(person_id, tx)
    if found is not None and event.arrival_id <= found.newest_id:
        return
    stay = _ended(found, person_id, event.arrival_id, event.region, tx)
    stay.ended = False
    stay.origin_province = event.origin_region[:_PROVINCE_DIGITS]
    stay.stay_purpose, stay.arrived_on = event.stay_purpose, event.arrived_on
    await (tx.add(stay) if found is None else tx.save(stay))


async def hear_of_departure(event: MigrantDeparted, tx: Tx) -> None:
    """She has left: only that is kept, so that no late news of her arrival brings it back."""
    await _end(event.person_id, event.departure_id, event.region, tx)


async def hear_of_annulled_arrival(event: ArrivalAnnulled, tx: Tx) -> None:
    """She never came; of a stay that goes on instead nothing is known here."""
    person_id = await current_person(event.person_id, tx)
    found = await _stay(person_id, tx)
    if found is None or found.newest_id <= event.arrival_id:
        await _end(person_id, event.arrival_id, event.region, tx)


async def hear_of_correction(event: StayCorrected, tx: Tx) -> None:
    """What the stay had always said wrong. A correction of any other stay changes nothing."""
    stay = await _stay(await current_person(event.person_id, tx), tx)
    if stay is None or stay.ended or stay.newest_id != event.arrival_id:
        return
    if event.until is not None:
        await _end(stay.person_id, stay.newest_id, event.region, tx)
        return
    stay.region, stay.arrived_on = event.region, event.arrived_on
    stay.origin_province = event.origin_region[:_PROVINCE_DIGITS]
    stay.changed_at = tx.now
    await tx.save(stay)


async def merge_stays(event: PersonsMerged, tx: Tx) -> None:
    """Of two stays the newer is left, before both ids become one person."""
    found = await tx.find(Stay, _RIVALS, [event.kept_id, event.merged_id])
    if len(found) == 2:
        older = min(found, key=lambda each: each.newest_id)
        await tx.execute("DELETE FROM stays WHERE id = $1", older.id)


async def _end(asked: UUID, newest_id: UUID, region: str, tx: Tx) -> None:
    person_id = await current_person(asked, tx)
    found = await _stay(person_id, tx)
    if found is not None and newest_id < found.newest_id:
        return
    stay = _ended(found, person_id, newest_id, region, tx)
    await (tx.add(stay) if found is None else tx.save(stay))


def _ended(found: Stay | None, person_id: UUID, newest_id: UUID, region: str, tx: Tx) -> Stay:
    return Stay(
        id=new_id() if found is None else found.id,
        person_id=person_id,
        newest_id=newest_id,
        region=region,
        ended=True,
        changed_at=tx.now,
    )


async def _stay(person_id: UUID, tx: Tx) -> Stay | None:
    found = await tx.find(Stay, _ONE, person_id)
    return found[0] if found else None
