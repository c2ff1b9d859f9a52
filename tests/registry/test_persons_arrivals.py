"""What the register doubts about an arrival, and what the desk puts right. Every event comes
twice."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from services.registry.dwellings.handlers import register_dwelling
from services.registry.dwellings.schemas import RegisterDwelling
from shared.events.migrant import ArrivalAnnulled, MigrantArrived, StayCorrected
from shared.ids import new_id
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import HOME, NEXT, load_places, number
from tests.registry.test_dwellings import DWELLING
from tests.registry.test_persons_consumer import arrived, departed, hear, rows

MARCH, MAY = date(2025, 3, 1), date(2025, 5, 1)


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        async with parts_of(app).database.acquire() as connection:
            await load_places(connection)
        yield app


async def room_in(app: FastAPI, region: str, **changes: Any) -> UUID:
    body = DWELLING | {"region": region, "estate": None, "plate_number": None} | changes
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        dwelling = await register_dwelling(RegisterDwelling.model_validate(body), tx)
        return dwelling.rooms[0].id


async def doubts(app: FastAPI) -> list[tuple[str, str | None]]:
    found = await rows(
        app,
        "SELECT payload FROM outbox"
        " WHERE payload::json->>'type' = 'yipan.registry.arrival-doubted.v1' ORDER BY id",
    )
    told = [json.loads(row["payload"])["data"] for row in found]
    return [(each["doubt"], each["room_id"]) for each in told]


async def tasks(app: FastAPI) -> list[str]:
    return [row["kind"] for row in await rows(app, "SELECT kind FROM tasks ORDER BY id")]


async def stays(app: FastAPI) -> list[tuple[str, date, date | None]]:
    found = await rows(app, "SELECT * FROM residences ORDER BY since, until NULLS LAST, id")
    return [(row["region"], row["since"], row["until"]) for row in found]


async def lives_in(app: FastAPI) -> tuple[str | None, date | None]:
    (row,) = await rows(app, "SELECT residence_region, residence_since FROM persons")
    return row["residence_region"], row["residence_since"]


def corrected(event: MigrantArrived, **overrides: Any) -> StayCorrected:
    values: dict[str, Any] = {
        "arrival_id": event.arrival_id,
        "person_id": event.person_id,
        "was_region": event.region,
        "was_arrived_on": event.arrived_on,
        "region": event.region,
        "origin_region": event.origin_region,
        "arrived_on": event.arrived_on,
        "until": None,
        "room_id": event.room_id,
        "fields": ["arrived_on"],
    }
    return StayCorrected(**(values | overrides))


def annulled(event: MigrantArrived, resumed: UUID | None = None) -> ArrivalAnnulled:
    return ArrivalAnnulled(
        arrival_id=event.arrival_id,
        person_id=event.person_id,
        region=event.region,
        arrived_on=event.arrived_on,
        annulled_at=datetime(2025, 9, 1, tzinfo=UTC),
        resumed_id=resumed,
    )


async def test_the_desk_hears_what_is_wrong_with_a_room(app: FastAPI) -> None:
    elsewhere = await room_in(app, NEXT)
    closed = await room_in(app, HOME, building="13")
    await rows(app, "UPDATE rooms SET closed_on = '2024-01-01' WHERE id = $1 RETURNING id", closed)
    unknown = new_id()
    person = arrived(room_id=unknown, arrived_on=date(2025, 1, 1))
    await hear(app, person)
    for day, room in ((2, elsewhere), (3, closed)):
        again = {"person_id": person.person_id, "arrived_on": date(2025, day, 1)}
        await hear(app, arrived(room_id=room, **again))
    assert await doubts(app) == [
        ("unknown-room", str(unknown)),
        ("other-region", str(elsewhere)),
        ("closed-room", str(closed)),
    ]
    assert await tasks(app) == ["unknown-room"] * 3
    (row,) = await rows(app, "SELECT room_id FROM persons")
    assert row["room_id"] is None


async def test_a_room_of_the_place_is_no_doubt(app: FastAPI) -> None:
    room = await room_in(app, HOME)
    await hear(app, arrived(room_id=room, region=HOME[:9]))
    (row,) = await rows(app, "SELECT room_id FROM persons")
    assert (row["room_id"], await doubts(app), await tasks(app)) == (room, [], [])


async def test_the_desk_hears_of_the_dead_and_of_two_for_one_number(app: FastAPI) -> None:
    first, other = arrived(), arrived(id_number=number("19910101", 18))
    await hear(app, first)
    await hear(app, other)
    await rows(
        app, "UPDATE persons SET status = 'deceased' WHERE id = $1 RETURNING id", other.person_id
    )
    dead = {"person_id": other.person_id, "id_number": other.id_number}
    await hear(app, arrived(region=NEXT, arrived_on=MAY, **dead))
    await hear(app, arrived(person_id=other.person_id, region=NEXT, arrived_on=MAY))
    assert [doubt for doubt, _ in await doubts(app)] == ["recorded-dead", "id-number-conflict"]


async def test_a_correction_at_the_desk_corrects_the_residence(app: FastAPI) -> None:
    room = await room_in(app, NEXT)
    event = arrived()
    await hear(app, event)
    right = corrected(
        event, region=NEXT, arrived_on=date(2025, 2, 10), room_id=room,
        fields=["arrived_on", "region", "room_id"],
    )  # fmt: skip
    await hear(app, right)
    assert await stays(app) == [(NEXT, date(2025, 2, 10), None)]
    (person,) = await rows(app, "SELECT residence_region, room_id FROM persons")
    assert (person["residence_region"], person["room_id"]) == (NEXT, room)
    assert (await tasks(app), await doubts(app)) == ([], [])


@pytest.mark.parametrize("day", [date(2025, 4, 10), date(2025, 5, 20)])
async def test_the_stay_before_ends_on_the_corrected_day(app: FastAPI, day: date) -> None:
    first = arrived()
    second = arrived(person_id=first.person_id, region=NEXT, arrived_on=MAY)
    for event in (first, second, corrected(second, arrived_on=day)):
        await hear(app, event)
    assert await stays(app) == [(HOME, MARCH, day), (NEXT, day, None)]
    assert await tasks(app) == []


async def test_a_corrected_departure_moves_the_end(app: FastAPI) -> None:
    event = arrived()
    await hear(app, event)
    await hear(app, departed(event.person_id))
    await hear(app, corrected(event, until=date(2025, 8, 1), fields=["until"]))
    assert await stays(app) == [(HOME, MARCH, date(2025, 8, 1))]


async def test_a_corrected_room_that_is_none_is_doubted_again(app: FastAPI) -> None:
    event, unknown = arrived(), new_id()
    await hear(app, event)
    await hear(app, corrected(event, room_id=unknown, fields=["room_id"]))
    assert await doubts(app) == [("unknown-room", str(unknown))]
    assert await stays(app) == [(HOME, MARCH, None)]


@pytest.mark.parametrize(
    "change",
    [
        {"was_arrived_on": date(2025, 3, 9)},  # a stay that the register does not have
        {"arrived_on": date(1990, 1, 1)},  # before she was born
    ],
)
async def test_what_the_register_cannot_follow_is_left_to_a_clerk(
    app: FastAPI, change: dict[str, Any]
) -> None:
    event = arrived()
    await hear(app, event)
    await hear(app, corrected(event, **change))
    assert await tasks(app) == ["residence-conflict"]
    assert await stays(app) == [(HOME, MARCH, None)]


async def test_a_correction_about_nobody_here_is_left_to_a_clerk(app: FastAPI) -> None:
    await hear(app, corrected(arrived()))
    assert await tasks(app) == ["unknown-person"]


async def test_after_an_annulment_she_lives_where_she_lived_before(app: FastAPI) -> None:
    first = arrived()
    second = arrived(person_id=first.person_id, region=NEXT, arrived_on=MAY)
    for event in (first, second, annulled(second, first.arrival_id)):
        await hear(app, event)
    assert await lives_in(app) == (HOME, MAY)
    assert await stays(app) == [(HOME, MARCH, MAY), (NEXT, MAY, MAY), (HOME, MAY, None)]
    assert await tasks(app) == []


async def test_after_the_annulment_of_a_first_arrival_nobody_knows_where_she_lives(
    app: FastAPI,
) -> None:
    event = arrived()
    await hear(app, event)
    await hear(app, annulled(event))
    await hear(app, annulled(event))
    assert await lives_in(app) == (None, None)
    assert await stays(app) == [(HOME, MARCH, MARCH)]
    assert await tasks(app) == []
    # she may arrive again on the right day
    await hear(app, arrived(person_id=event.person_id, region=NEXT, arrived_on=MAY))
    assert await lives_in(app) == (NEXT, MAY)


async def test_the_annulment_of_a_stay_that_is_over_is_left_to_a_clerk(app: FastAPI) -> None:
    event = arrived()
    await hear(app, event)
    await hear(app, departed(event.person_id))
    await hear(app, annulled(event))
    assert await tasks(app) == ["residence-conflict"]
    await hear(app, annulled(arrived()))  # nobody here
    assert await tasks(app) == ["residence-conflict"]


@pytest.mark.parametrize("home", ["71", "81", "82"])
async def test_somebody_from_hong_kong_macao_or_taiwan_is_registered(
    app: FastAPI, home: str
) -> None:
    person = arrived(origin_region=home, id_number=number("19950302", 24, f"{home}0000"))
    await hear(app, person)
    (row,) = await rows(app, "SELECT hukou_region, residence_kind FROM persons")
    assert tuple(row) == (home, "migrant")
    await hear(app, departed(person.person_id, to_region=home))
    assert await lives_in(app) == (None, None)
    assert (await tasks(app), await doubts(app)) == ([], [])


async def test_a_home_of_before_the_first_list_is_kept_and_asked_about(app: FastAPI) -> None:
    person = arrived(origin_region="130199")
    await hear(app, person)
    (row,) = await rows(app, "SELECT hukou_region, residence_region FROM persons")
    assert tuple(row) == ("130199", HOME)
    assert await tasks(app) == ["unknown-region"]
    (task,) = await rows(app, "SELECT other_region, source_id, person_id FROM tasks")
    assert tuple(task) == ("130199", person.arrival_id, person.person_id)
    assert await doubts(app) == [("unknown-home", None)]
    moved = {"person_id": person.person_id, "region": NEXT, "arrived_on": MAY}
    await hear(app, arrived(origin_region="130199", **moved))
    assert await lives_in(app) == (NEXT, MAY)
    assert await tasks(app) == ["unknown-region"]  # asked once


async def test_a_place_that_is_not_on_the_map_is_known_by_what_is_around_it(app: FastAPI) -> None:
    for day, region, place in (
        (1, "420325100999", "420325100"),
        (2, "420325999001", "420325"),
        (3, HOME, HOME),
    ):
        again = {"id_number": number("19950302", 24), "arrived_on": date(2025, day, 1)}
        await hear(app, arrived(region=region, **again))
        assert await lives_in(app) == (place, date(2025, day, 1))
    assert await tasks(app) == ["unknown-region"] * 2
