"""Reading stays. Each one returned leaves a usage entry."""

from uuid import UUID

from services.migrant.arrivals.models import Arrival
from services.migrant.arrivals.schemas import ArrivalView
from shared.actors import narrow
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT * FROM arrivals
WHERE region LIKE $1 || '%' AND ($2::uuid IS NULL OR id < $2) AND (NOT $3 OR until IS NULL)
ORDER BY id DESC LIMIT $4
"""


def view_of(arrival: Arrival) -> ArrivalView:
    return ArrivalView(**arrival.model_dump())


async def get_arrival(arrival_id: UUID, tx: Tx) -> ArrivalView:
    arrival = await tx.require(Arrival, arrival_id)
    tx.saw(arrival.person_id, "arrival")
    return view_of(arrival)


async def list_arrivals(
    region: str | None, still_here: bool, limit: int, cursor: str | None, tx: Tx
) -> Page[ArrivalView]:
    """Newest first, in `region` (or all the actor covers)."""
    found = await tx.find(
        Arrival, _LIST, narrow(tx.actor, region), id_in(cursor), still_here, limit + 1
    )
    page = found[:limit]
    for arrival in page:
        tx.saw(arrival.person_id, "arrival")
    more = len(found) > limit
    return Page(
        items=[view_of(each) for each in page],
        next=encode_cursor(str(page[-1].id)) if more else None,
    )
