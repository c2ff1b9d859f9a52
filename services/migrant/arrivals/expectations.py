"""Expected departures (预计离开): what somebody says of a day to come. Never a duty."""

from uuid import UUID

from services.migrant.arrivals.models import Arrival
from services.migrant.arrivals.queries import view_of
from services.migrant.arrivals.rules import check_expected
from services.migrant.arrivals.schemas import ArrivalView, ExpectDeparture
from services.migrant.errors import AlreadyEnded
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.subjects import require_own


async def expect_departure(command: ExpectDeparture, arrival_id: UUID, tx: Tx) -> ArrivalView:
    """Note when she expects to leave, or that the day has changed; at the desk or she herself.
    Raises NotFound, AlreadyEnded, DayPassed."""
    check_expected(command.leaving_on, tx.today)
    stay = await _lasting(arrival_id, tx)
    stay.leaving_on, stay.leaving_to = command.leaving_on, command.to_region
    await tx.save(stay)
    return view_of(stay)


async def forget_expected_departure(arrival_id: UUID, tx: Tx) -> ArrivalView:
    """She stays after all, or does not wish to say. Doing it again changes nothing. Raises
    NotFound, AlreadyEnded."""
    stay = await _lasting(arrival_id, tx)
    stay.leaving_on = stay.leaving_to = None
    await tx.save(stay)
    return view_of(stay)


async def _lasting(arrival_id: UUID, tx: Tx) -> Arrival:
    stay = await tx.require(Arrival, arrival_id, lock=True)
    await require_own(stay.person_id, tx, *OFFICES)
    if stay.until is not None:
        raise AlreadyEnded()
    tx.saw(stay.person_id, "arrival")
    return stay
