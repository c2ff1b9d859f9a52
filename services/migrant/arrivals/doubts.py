"""What the registry tells of a stay: doubts about what the desk wrote (存疑), recorded deaths."""

from datetime import date
from uuid import UUID

from services.migrant.arrivals.models import Arrival, StayEnd
from services.migrant.arrivals.rules import OF_ROOM, Doubt, death_in
from services.migrant.people.models import PersonHere
from services.migrant.people.queries import current_id, died_on, open_stay
from shared.db import Tx
from shared.events.registry_vital import DeathAnnulled, DeathCorrected, DeathRegistered

# A stay that a death had ended goes on: until she moved, where she has arrived again since.
_ENDED_BY_DEATH = """
SELECT * FROM arrivals WHERE person_id = $1 AND ended_by = 'death'
ORDER BY arrived_on, id FOR UPDATE
"""
# By the death's own id; one told before deaths were kept by theirs stands under the person's.
_FORGET = "DELETE FROM recorded_deaths WHERE id = $1"
_KEEP = """
INSERT INTO recorded_deaths (id, person_id, region, died_on) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET died_on = excluded.died_on, region = excluded.region
"""
_NEXT = """
SELECT * FROM arrivals WHERE person_id = $1 AND (arrived_on, id) > ($2, $3)
AND ended_by IS DISTINCT FROM 'annulment' ORDER BY arrived_on, id LIMIT 1
"""


async def mark_doubt(arrival_id: UUID, doubt: str, room_id: UUID | None, tx: Tx) -> None:
    """The registry doubts a stay. A doubt about a room that was corrected meanwhile is answered
    already. Applying it twice changes nothing, nor does a doubt not known here."""
    stay = await tx.get(Arrival, arrival_id, lock=True)
    if stay is None or stay.ended_by == StayEnd.ANNULMENT or doubt not in set(Doubt):
        return
    if doubt in stay.doubts or (doubt in OF_ROOM and stay.room_id != room_id):
        return
    stay.doubts = [*stay.doubts, doubt]
    await tx.save(stay)


async def record_death(event: DeathRegistered | DeathCorrected, tx: Tx) -> None:
    """The registry holds a death, or corrected it: it is kept whether or not the desk has met her,
    and her stays end with it. One that happened elsewhere is kept as the county's own. Runs as the
    service, over the whole county; applying it twice changes nothing."""
    person_id = await current_id(event.person_id, tx)
    before = await died_on(person_id, tx)
    await tx.execute(_FORGET, event.person_id)
    await tx.execute(
        _KEEP,
        event.death_id,
        person_id,
        event.region if tx.actor.covers(event.region) else tx.actor.region,
        event.died_on,
    )
    await _judge_stays(person_id, before, tx)


async def annul_death(event: DeathAnnulled, tx: Tx) -> None:
    """It was registered in error: what it did to her stays is undone."""
    person_id = await current_id(event.person_id, tx)
    before = await died_on(person_id, tx)
    for told in (event.death_id, event.person_id):
        await tx.execute(_FORGET, told)
    await _judge_stays(person_id, before, tx)


async def _judge_stays(person_id: UUID, before: date | None, tx: Tx) -> None:
    """What an earlier word did to her stays is undone before what holds now is done."""
    person, died = await tx.get(PersonHere, person_id, lock=True), await died_on(person_id, tx)
    if person is None or (died is not None and died == before):
        return
    await _resume(person_id, tx)
    person.updated_at = tx.now
    await tx.save(person)
    stay = await open_stay(person_id, tx, lock=True)
    if died is None or stay is None:
        return
    end = death_in(stay.arrived_on, died).until
    if end is None:
        stay.doubts = [*stay.doubts, Doubt.RECORDED_DEAD]
    else:
        stay.until, stay.ended_by = end, StayEnd.DEATH
    await tx.save(stay)


async def _resume(person_id: UUID, tx: Tx) -> None:
    for stay in await tx.find(Arrival, _ENDED_BY_DEATH, person_id):
        later = await tx.find(Arrival, _NEXT, person_id, stay.arrived_on, stay.id)
        stay.until = stay.ended_by = None
        for following in later:
            stay.until, stay.ended_by = following.arrived_on, StayEnd.MOVE
            stay.to_region, following.moved_from_id = following.region, stay.id
            await tx.save(following)
        await tx.save(stay)
    await tx.execute(
        "UPDATE arrivals SET doubts = array_remove(doubts, $2)"
        " WHERE person_id = $1 AND $2 = ANY(doubts)",
        person_id,
        Doubt.RECORDED_DEAD,
    )
    await tx.execute("SELECT recount_stays($1)", person_id)
