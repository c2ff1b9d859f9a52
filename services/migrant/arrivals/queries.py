"""Reading stays. Each one returned leaves a usage entry."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.migrant.arrivals.models import Arrival, StayChange, StayPurpose
from services.migrant.arrivals.schemas import (
    ArrivalView,
    ExpectedDepartureView,
    StayChangeView,
)
from services.migrant.people.queries import current_id, require_person
from services.migrant.people.rules import OFFICES, is_office
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, decode_cursor, encode_cursor, id_in
from shared.problems import MalformedRequest, Text
from shared.subjects import require_own


class StayState(StrEnum):
    """Which stays a desk wants to see."""

    OPEN = "open"  # 在住
    ENDED = "ended"  # 已离开: moves, departures, deaths
    EXPECTED = "expected"  # 预计离开: said of a day to come
    OVERDUE = "overdue"  # 预计离开日期已过
    DOUBTED = "doubted"  # 存疑
    ANNULLED = "annulled"  # 已撤销


@dataclass(frozen=True, slots=True)
class StayFilter:
    """What a list of stays is narrowed to; None and False narrow nothing. `origin` is a prefix of
    the home region, the days bound `arrived_on`, both included."""

    region: str | None = None
    state: StayState | None = None
    stay_purpose: StayPurpose | None = None
    origin: str | None = None
    arrived_from: date | None = None
    arrived_to: date | None = None
    group_id: UUID | None = None
    person_id: UUID | None = None


# $2 is today. Written out state by state, so that each uses the index made for it.
_OF_STATE = {
    None: "true",
    StayState.OPEN: "until IS NULL",
    StayState.ENDED: "until IS NOT NULL AND ended_by <> 'annulment'",
    StayState.EXPECTED: "until IS NULL AND leaving_on >= $2::date",
    StayState.OVERDUE: "until IS NULL AND leaving_on < $2::date",
    StayState.DOUBTED: "doubts <> '{}' AND ended_by IS DISTINCT FROM 'annulment'",
    StayState.ANNULLED: "ended_by = 'annulment'",
}
_LIST = """
SELECT * FROM arrivals
WHERE region LIKE $1 || '%' AND $2::date IS NOT NULL AND {state}
  AND ($3::text IS NULL OR stay_purpose = $3) AND ($4::text IS NULL OR origin_region LIKE $4 || '%')
  AND ($5::date IS NULL OR arrived_on >= $5) AND ($6::date IS NULL OR arrived_on <= $6)
  AND ($7::uuid IS NULL OR group_id = $7) AND ($8::uuid IS NULL OR person_id = $8)
  AND ($9::uuid IS NULL OR id < $9)
ORDER BY id DESC LIMIT $10
"""
_EXPECTED = """
SELECT * FROM arrivals
WHERE region LIKE $1 || '%' AND until IS NULL AND leaving_on IS NOT NULL
  AND ($2::date IS NULL OR leaving_on <= $2) AND ($3::date IS NULL OR (leaving_on, id) > ($3, $4))
ORDER BY leaving_on, id LIMIT $5
"""


def view_of(arrival: Arrival) -> ArrivalView:
    return ArrivalView.model_validate(arrival.model_dump())


async def get_arrival(arrival_id: UUID, tx: Tx) -> ArrivalView:
    """For offices and the person herself. Raises NotFound."""
    arrival = await tx.require(Arrival, arrival_id)
    await require_own(arrival.person_id, tx, *OFFICES)
    tx.saw(arrival.person_id, "arrival")
    return view_of(arrival)


async def list_arrivals(
    asked: StayFilter, limit: int, cursor: str | None, tx: Tx
) -> Page[ArrivalView]:
    """Newest registered first, in the asked region (or all the actor covers). Raises
    OutsideJurisdiction."""
    found = await tx.find(
        Arrival,
        _LIST.format(state=_OF_STATE[asked.state]),
        narrow(tx.actor, asked.region),
        tx.today,
        asked.stay_purpose,
        asked.origin,
        asked.arrived_from,
        asked.arrived_to,
        asked.group_id,
        asked.person_id,
        id_in(cursor),
        limit + 1,
    )
    page = found[:limit]
    for arrival in page:
        tx.saw(arrival.person_id, "arrival")
    return Page(
        items=[view_of(each) for each in page],
        next=encode_cursor(str(page[-1].id)) if found[limit:] else None,
    )


async def list_stays(person_id: UUID, limit: int, cursor: str | None, tx: Tx) -> Page[ArrivalView]:
    """A person's stays, newest first; an office sees those in its own area. Raises NotFound for
    another person's, and PersonNotFound for somebody of whom the office has no stay and no
    record."""
    await require_own(person_id, tx, *OFFICES)
    asked = StayFilter(person_id=await current_id(person_id, tx))
    page = await list_arrivals(asked, limit, cursor, tx)
    if not page.items and is_office(tx.actor):
        await require_person(person_id, tx)
    return page


async def list_expected_departures(
    region: str | None, until: date | None, limit: int, cursor: str | None, tx: Tx
) -> Page[ExpectedDepartureView]:
    """Who expects to leave, the earliest day first, days passed included; up to `until`, if
    given. Raises OutsideJurisdiction."""
    day, last = _after(cursor) if cursor else (None, BEFORE_ALL)
    found = await tx.find(Arrival, _EXPECTED, narrow(tx.actor, region), until, day, last, limit + 1)
    page = found[:limit]
    for arrival in page:
        tx.saw(arrival.person_id, "arrival")
    more = encode_cursor(str(page[-1].leaving_on), str(page[-1].id)) if found[limit:] else None
    return Page(items=[_expected(each, tx.today) for each in page], next=more)


async def list_stay_changes(arrival_id: UUID, tx: Tx) -> Sequence[StayChangeView]:
    """How a stay was put right, oldest first, for offices and the person herself. Raises
    NotFound."""
    arrival = await tx.require(Arrival, arrival_id)
    await require_own(arrival.person_id, tx, *OFFICES)
    tx.saw(arrival.person_id, "arrival")
    found = await tx.find(
        StayChange, "SELECT * FROM stay_changes WHERE arrival_id = $1 ORDER BY id", arrival_id
    )
    return [change_view(each, tx) for each in found]


def change_view(change: StayChange, tx: Tx) -> StayChangeView:
    content = json.loads(tx.vault.open(change.content_sealed, change_place(change.id)))
    return StayChangeView.model_validate(change.model_dump() | content)


def change_place(change_id: UUID) -> str:
    """Where the content of a change is sealed for."""
    return f"stay_changes.content:{change_id}"


def _after(cursor: str) -> tuple[date, UUID]:
    """The day and the id that a page goes on from. Raises MalformedRequest."""
    key = decode_cursor(cursor)
    try:
        day, last = key
        return date.fromisoformat(day), UUID(last)
    except (ValueError, TypeError, AttributeError) as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error


def _expected(arrival: Arrival, today: date) -> ExpectedDepartureView:
    return ExpectedDepartureView.model_validate(
        arrival.model_dump()
        | {
            "arrival_id": arrival.id,
            "day_passed": arrival.leaving_on is not None and arrival.leaving_on < today,
        }
    )
