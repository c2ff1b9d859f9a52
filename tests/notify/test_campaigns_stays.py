"""A campaign may be for people who came: by when, from where, to where and what for."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.events.migrant import ArrivalAnnulled, MigrantDeparted, StayCorrected
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from tests.notify.campaign_samples import PLAN, planned, run, started
from tests.notify.conftest import Notify
from tests.notify.samples import arrival


def departure(person_id: UUID) -> MigrantDeparted:
    return MigrantDeparted(
        departure_id=new_id(),
        person_id=person_id,
        region="420325100001",
        to_region=None,
        departed_on=date(2026, 6, 1),
    )


async def agreed(notify: Notify, number: int) -> UUID:
    return await notify.person(purpose="monthly-greeting", phone=f"1370000{number:04}")


async def came(notify: Notify, count: int, first: int = 0, **overrides: Any) -> list[UUID]:
    people = [await agreed(notify, number) for number in range(first, first + count)]
    for person_id in people:
        await notify.hear(arrival(person_id, **overrides))
    return people


async def reached(notify: Notify, **facts: Any) -> Any:
    return (await planned(notify, facts=facts))["audience"]


async def stay_of(notify: Notify, person_id: UUID) -> dict[str, Any]:
    (row,) = await notify.rows("SELECT * FROM stays WHERE person_id = $1", person_id)
    return dict(row)


async def test_each_fact_of_a_stay_narrows_the_audience(notify: Notify) -> None:
    for number in range(10):
        await agreed(notify, number)  # who never came from elsewhere
    await came(notify, 10, first=10)
    other = {"region": "420325200002", "origin_region": "500101", "stay_purpose": "study"}
    await came(notify, 15, first=20, arrived_on=date(2026, 9, 1), **other)
    assert await reached(notify) == 35
    for facts, people in (
        ({"arrived_from": "2026-09-01"}, 15),
        ({"arrived_to": "2026-08-31"}, 10),
        ({"origins": ["50"]}, 15),
        ({"origins": ["41", "50"]}, 25),
        ({"areas": ["420325100"]}, 10),
        ({"areas": ["420325100001", "420325200"]}, 25),
        ({"stay_purposes": ["study", "business"]}, 15),
        ({"origins": ["41"], "stay_purposes": ["study"]}, "fewer than 10"),
    ):
        assert await reached(notify, **facts) == people, facts


async def test_the_campaign_reaches_exactly_those(notify: Notify) -> None:
    await agreed(notify, 1)
    (meant,) = await came(notify, 1, first=2, origin_region="500101")
    await came(notify, 1, first=3)
    path = await started(notify, facts={"origins": ["50"]})
    await run(notify)
    rows = await notify.rows("SELECT person_id FROM messages")
    assert [row["person_id"] for row in rows] == [meant]
    assert (await notify.get(path))["audience"] == "fewer than 10"


async def test_who_came_but_did_not_agree_is_not_reached(notify: Notify) -> None:
    await notify.hear(arrival(new_id()))
    await started(notify, facts={"origins": ["41"]})
    await run(notify)
    assert await notify.rows("SELECT 1 FROM messages") == []


async def test_who_left_is_reached_no_more_in_whichever_order_it_is_heard(notify: Notify) -> None:
    for late in (False, True):
        person_id = new_id()
        told = [arrival(person_id), departure(person_id)]
        for event in told[::-1] if late else told:
            await notify.hear(event)
        stay = await stay_of(notify, person_id)
        facts = ("origin_province", "stay_purpose", "arrived_on")
        assert (stay["ended"], [stay[each] for each in facts]) == (True, [None] * 3)


async def test_the_newest_arrival_holds(notify: Notify) -> None:
    person_id = new_id()
    first, second = arrival(person_id), arrival(person_id, region="420325200002")
    for event in (second, first):
        await notify.hear(event)
    assert (await stay_of(notify, person_id))["region"] == "420325200002"
    await notify.hear(departure(person_id))
    await notify.hear(arrival(person_id, stay_purpose="family"))  # she came again
    stay = await stay_of(notify, person_id)
    assert (stay["ended"], stay["stay_purpose"]) == (False, "family")


async def test_an_arrival_taken_back_never_was(notify: Notify) -> None:
    for late in (False, True):
        event = arrival(new_id())
        annulled = ArrivalAnnulled(
            arrival_id=event.arrival_id,
            person_id=event.person_id,
            region=event.region,
            arrived_on=event.arrived_on,
            annulled_at=datetime.now(UTC),
            resumed_id=None,
        )
        told = [event, annulled]
        for each in told[::-1] if late else told:
            await notify.hear(each)
        assert (await stay_of(notify, event.person_id))["ended"]
    moved = arrival(event.person_id)  # an older one taken back leaves the newer as it is
    await notify.hear(moved)
    await notify.hear(annulled)
    assert not (await stay_of(notify, event.person_id))["ended"]


async def test_a_correction_puts_right_what_was_said(notify: Notify) -> None:
    event = arrival(new_id())
    await notify.hear(event)

    def correction(**overrides: Any) -> StayCorrected:
        values: dict[str, Any] = {
            "arrival_id": event.arrival_id,
            "person_id": event.person_id,
            "was_region": event.region,
            "was_arrived_on": event.arrived_on,
            "region": "420325200002",
            "origin_region": "610102",
            "arrived_on": date(2026, 4, 2),
            "until": None,
            "room_id": None,
            "fields": ["region"],
        }
        return StayCorrected(**(values | overrides))

    await notify.hear(correction(arrival_id=new_id(), region="420325300003"))  # of another stay
    await notify.hear(correction())
    stay = await stay_of(notify, event.person_id)
    assert (stay["region"], stay["origin_province"]) == ("420325200002", "61")
    assert stay["arrived_on"] == date(2026, 4, 2)
    await notify.hear(correction(until=date(2026, 5, 1)))
    assert (await stay_of(notify, event.person_id))["ended"]


async def test_merged_and_separated_people_keep_their_own(notify: Notify) -> None:
    kept, merged, late = new_id(), new_id(), new_id()
    await notify.hear(arrival(merged, origin_region="500101"))
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    assert (await stay_of(notify, kept))["origin_province"] == "50"
    await notify.hear(PersonsSeparated(kept_id=kept, merged_id=merged))
    assert (await stay_of(notify, merged))["origin_province"] == "50"
    await notify.hear(arrival(late, origin_region="610102"))
    await notify.hear(PersonsMerged(kept_id=merged, merged_id=late))
    assert (await stay_of(notify, merged))["origin_province"] == "61"


@pytest.mark.parametrize(
    "facts",
    [
        {"arrived_from": "2026-02-01", "arrived_to": "2026-01-01"},
        {"origins": ["00"]},
        {"origins": ["5001"]},
        {"areas": ["nowhere"]},
        {"stay_purposes": ["birth"]},
    ],
)
async def test_facts_that_are_none_are_refused(notify: Notify, facts: dict[str, Any]) -> None:
    assert (await notify.post("/campaigns", PLAN | {"facts": facts})).status_code == 422
