"""Arrivals, departures and notices as the registry hears of them. Everything is delivered twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI

from shared.events.base import Event
from shared.events.exchange import NoticeReceived
from shared.events.migrant import EmploymentFiled, MigrantArrived, MigrantDeparted
from shared.ids import new_id
from shared.testing import event_message
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import AWAY, COUNTY_AWAY, HOME, NEXT, load_places, number

NUMBER = number("19950302", 24, "130102")


@pytest.fixture
async def app(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    async with start_service("registry") as app:
        async with parts_of(app).database.acquire() as connection:
            await load_places(connection)
        yield app


async def hear(app: FastAPI, event: Event) -> None:
    """The event twice, as a bus may bring it."""
    message = event_message(event)
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message), await dead_letters(app)


async def rows(app: FastAPI, sql: str, *args: Any) -> list[asyncpg.Record]:
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        return await tx.fetch(sql, *args)


async def dead_letters(app: FastAPI) -> list[str]:
    return [row["reason"] for row in await rows(app, "SELECT reason FROM dead_letters")]


async def said(app: FastAPI, kind: str) -> int:
    found = await rows(
        app,
        "SELECT count(*) FROM outbox WHERE payload::json->>'type' = $1",
        f"yipan.registry.{kind}.v1",
    )
    return int(found[0]["count"])


def arrived(**overrides: Any) -> MigrantArrived:
    values: dict[str, Any] = {
        "arrival_id": new_id(),
        "person_id": new_id(),
        "region": HOME,
        "origin_region": COUNTY_AWAY,
        "arrived_on": date(2025, 3, 1),
        "stay_purpose": "work",
        "name": "赵敏",
        "id_number": NUMBER,
    }
    return MigrantArrived(**(values | overrides))


def departed(person_id: UUID, **overrides: Any) -> MigrantDeparted:
    values: dict[str, Any] = {
        "departure_id": new_id(),
        "person_id": person_id,
        "region": HOME,
        "to_region": None,
        "departed_on": date(2025, 9, 1),
    }
    return MigrantDeparted(**(values | overrides))


def notice(**overrides: Any) -> NoticeReceived:
    values: dict[str, Any] = {
        "notice_id": new_id(),
        "kind": "arrival",
        "from_node": f"county-{COUNTY_AWAY}",
        "region": AWAY,
        "happened_on": date(2025, 5, 1),
        "id_number": number("19880708", 16),
        "name": "李娜",
    }
    return NoticeReceived(**(values | overrides))


async def register_local(app: FastAPI, **overrides: Any) -> UUID:
    """Somebody whose household register is here, through an arrival of her own county."""
    event = arrived(
        **{
            "origin_region": HOME,
            "region": HOME,
            "arrived_on": date(2020, 1, 1),
            "id_number": number("19880708", 16),
            "name": "李娜",
        }
        | overrides
    )
    await hear(app, event)
    return event.person_id


async def test_a_newcomer_is_registered_under_the_id_of_the_desk(app: FastAPI) -> None:
    event = arrived()
    await hear(app, event)
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["id"] == event.person_id
    assert (person["sex"], person["birth_date"]) == ("2", date(1995, 3, 2))
    assert (person["hukou_region"], person["residence_region"]) == (COUNTY_AWAY, HOME)
    assert person["residence_kind"] == "migrant"
    assert len(await rows(app, "SELECT 1 FROM residences")) == 1
    assert await said(app, "person-registered") == 1
    assert await said(app, "persons-merged") == 0


async def test_somebody_known_keeps_her_record_and_the_desks_id_becomes_an_alias(
    app: FastAPI,
) -> None:
    first = arrived()
    await hear(app, first)
    again = arrived(region=NEXT, arrived_on=date(2025, 6, 1))
    await hear(app, again)
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["id"], person["residence_region"]) == (first.person_id, NEXT)
    stays = await rows(app, "SELECT * FROM residences ORDER BY since")
    assert [(stay["region"], stay["until"]) for stay in stays] == [
        (HOME, date(2025, 6, 1)),
        (NEXT, None),
    ]
    (alias,) = await rows(app, "SELECT * FROM subject_aliases")
    assert (alias["alias_id"], alias["subject_id"]) == (again.person_id, first.person_id)
    assert await said(app, "persons-merged") == 1
    # the desk may go on using its own id
    await hear(app, departed(again.person_id, region=NEXT))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] is None


async def test_two_desks_that_meet_her_at_once_make_one_record(app: FastAPI) -> None:
    loop = parts_of(app).loop
    events = [arrived(region=region) for region in (HOME, NEXT)]
    messages = [event_message(event, offset=n) for n, event in enumerate(events)]
    assert all(await asyncio.gather(*(loop.deliver(message) for message in messages * 2)))
    (person,) = await rows(app, "SELECT id FROM persons")
    (alias,) = await rows(app, "SELECT * FROM person_aliases")
    assert {person["id"], alias["alias_id"]} == {event.person_id for event in events}
    assert await said(app, "persons-merged") == 1


async def test_an_arrival_that_comes_late_only_joins_the_history(app: FastAPI) -> None:
    first = arrived(arrived_on=date(2025, 6, 1))
    await hear(app, first)
    late = arrived(person_id=first.person_id, region=NEXT, arrived_on=date(2025, 1, 1))
    await hear(app, late)
    await hear(app, late.model_copy(update={"arrival_id": new_id()}))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["residence_region"], person["residence_since"]) == (HOME, date(2025, 6, 1))
    stays = await rows(app, "SELECT * FROM residences ORDER BY since")
    assert [(stay["region"], stay["until"]) for stay in stays] == [
        (NEXT, date(2025, 6, 1)),
        (HOME, None),
    ]


async def test_an_arrival_does_not_reopen_a_stay_that_is_over(app: FastAPI) -> None:
    first = arrived()
    await hear(app, first)
    await hear(app, departed(first.person_id))
    await hear(app, arrived(person_id=first.person_id))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] is None
    assert len(await rows(app, "SELECT 1 FROM residences")) == 1


async def test_a_record_without_a_number_takes_the_one_the_desk_saw(app: FastAPI) -> None:
    event = arrived()
    await hear(app, event)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE persons SET id_number_sealed = NULL, id_number_index = NULL")
    await hear(app, arrived(person_id=event.person_id, region=NEXT, arrived_on=date(2025, 8, 1)))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (
        parts.database.vault.open(
            person["id_number_sealed"], f"persons.id_number:{event.person_id}"
        )
        == NUMBER
    )
    assert person["residence_region"] == NEXT


async def test_number_and_id_of_two_records_are_left_to_a_clerk(app: FastAPI) -> None:
    first = arrived()
    other = arrived(id_number=number("19910101", 18))
    await hear(app, first)
    await hear(app, other)
    confused = arrived(person_id=other.person_id, region=NEXT, arrived_on=date(2025, 7, 1))
    await hear(app, confused)
    persons = await rows(app, "SELECT residence_region FROM persons")
    assert [person["residence_region"] for person in persons] == [HOME, HOME]
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["source_id"]) == ("id-number-conflict", confused.arrival_id)


async def test_who_left_lives_nowhere_here_and_comes_back_as_the_same(app: FastAPI) -> None:
    first = arrived()
    await hear(app, first)
    await hear(app, departed(first.person_id, to_region="13"))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["residence_region"], person["left_region"]) == (None, HOME)
    (stay,) = await rows(app, "SELECT * FROM residences")
    assert stay["until"] == date(2025, 9, 1)
    assert await said(app, "residence-ended") == 1
    back = arrived(region=NEXT, arrived_on=date(2026, 2, 1))
    await hear(app, back)
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["id"], person["residence_region"]) == (first.person_id, NEXT)
    assert person["left_region"] is None


async def test_who_left_for_a_known_county_lives_there(app: FastAPI) -> None:
    first = arrived()
    await hear(app, first)
    await hear(app, departed(first.person_id, to_region=COUNTY_AWAY))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["residence_region"], person["residence_kind"]) == (COUNTY_AWAY, "usual")
    assert await said(app, "residence-changed") == 1


async def test_a_departure_from_an_older_place_changes_nothing(app: FastAPI) -> None:
    first = arrived()
    await hear(app, first)
    await hear(app, departed(first.person_id, region=NEXT))
    await hear(app, departed(first.person_id, departed_on=date(2025, 1, 1)))
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] == HOME


async def test_a_departure_of_nobody_we_know_is_left_to_a_clerk(app: FastAPI) -> None:
    event = departed(new_id())
    await hear(app, event)
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["source"], task["source_id"]) == (
        "unknown-person",
        "departure",
        event.departure_id,
    )


async def test_home_sees_its_own_as_absent_after_a_notice(app: FastAPI) -> None:
    person_id = await register_local(app)
    await hear(app, notice())
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert (person["hukou_region"], person["residence_region"]) == (HOME, AWAY)
    assert person["residence_kind"] == "migrant"
    assert not await rows(app, "SELECT 1 FROM tasks")


async def test_a_notice_of_an_unknown_person_is_only_recorded(app: FastAPI) -> None:
    event = notice()
    await hear(app, event)
    assert not await rows(app, "SELECT 1 FROM persons")
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["source_id"]) == ("unknown-person", event.notice_id)
    assert (task["region"], task["other_region"]) == ("420325", AWAY)


async def test_a_birth_elsewhere_asks_the_clerk_to_look_at_the_household(app: FastAPI) -> None:
    mother_id = await register_local(app)
    event = notice(kind="birth-registered")
    await hear(app, event)
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["person_id"]) == ("household-changed", mother_id)
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] == HOME


async def test_the_dead_do_not_arrive(app: FastAPI) -> None:
    person_id = await register_local(app)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE persons SET status = 'deceased' WHERE id = $1", person_id)
    await hear(app, arrived(id_number=number("19880708", 16), person_id=person_id, region=NEXT))
    await hear(app, notice())
    tasks = await rows(app, "SELECT kind, source FROM tasks ORDER BY source")
    assert [tuple(task.values()) for task in tasks] == [
        ("deceased-person", "arrival"),
        ("deceased-person", "notice"),
    ]
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] == HOME


async def test_notices_of_other_kinds_change_nothing(app: FastAPI) -> None:
    await register_local(app)
    await hear(app, notice(kind="certificate-status"))
    await hear(app, notice(kind="service-delivered"))
    assert not await rows(app, "SELECT 1 FROM tasks")


def hired(person_id: UUID, **overrides: Any) -> EmploymentFiled:
    values: dict[str, Any] = {
        "employment_id": new_id(),
        "person_id": person_id,
        "region": NEXT,
        "employer_code": "91350100M000100Y43",
        "started_on": date(2025, 1, 1),
    }
    return EmploymentFiled(**(values | overrides))


async def test_a_filed_hire_says_where_she_works(app: FastAPI) -> None:
    event = arrived()
    await hear(app, event)
    filed = hired(event.person_id)
    await hear(app, filed)
    await hear(app, hired(event.person_id))  # the same employer and place, filed anew
    await hear(app, hired(event.person_id, region=HOME))  # another place of it
    places = await rows(app, "SELECT * FROM workplaces ORDER BY recorded_at")
    assert [(each["region"], each["source"]) for each in places] == [
        (NEXT, "employment"),
        (HOME, "employment"),
    ]
    assert (places[0]["source_id"], places[0]["until"]) == (filed.employment_id, None)
    assert not await rows(app, "SELECT 1 FROM tasks")


async def test_a_hire_of_nobody_we_know_or_of_the_dead_is_left_to_a_clerk(app: FastAPI) -> None:
    person_id = await register_local(app)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE persons SET status = 'deceased' WHERE id = $1", person_id)
    unknown, dead = hired(new_id()), hired(person_id)
    await hear(app, unknown)
    await hear(app, dead)
    tasks = await rows(app, "SELECT kind, source, source_id FROM tasks ORDER BY kind")
    assert [tuple(task.values()) for task in tasks] == [
        ("deceased-person", "employment", dead.employment_id),
        ("unknown-person", "employment", unknown.employment_id),
    ]
    assert not await rows(app, "SELECT 1 FROM workplaces")


async def test_she_left_the_county_we_had_her_in(app: FastAPI) -> None:
    person_id = await register_local(app)
    await hear(app, notice())  # she lives away since May
    await hear(app, notice(kind="departure", happened_on=date(2025, 9, 1)))
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert person["residence_region"] is None
    stays = await rows(app, "SELECT region, until FROM residences ORDER BY since")
    assert [tuple(stay.values()) for stay in stays] == [
        (HOME, date(2025, 5, 1)),
        (AWAY, date(2025, 9, 1)),
    ]
    assert await said(app, "residence-ended") == 1
    # told once more, by whatever notice: old news
    await hear(app, notice(kind="departure", happened_on=date(2025, 9, 1)))
    await hear(app, notice(kind="departure", happened_on=date(2025, 8, 1)))
    assert await said(app, "residence-ended") == 1
    assert not await rows(app, "SELECT 1 FROM tasks")


async def test_she_left_a_place_we_never_knew_of(app: FastAPI) -> None:
    person_id = await register_local(app)
    event = notice(kind="departure")
    await hear(app, event)
    await hear(app, notice(kind="departure", id_number=number("19660606", 18)))
    tasks = await rows(app, "SELECT * FROM tasks ORDER BY id")
    assert [task["kind"] for task in tasks] == ["residence-conflict", "unknown-person"]
    told = tasks[0]
    assert (told["person_id"], told["source_id"]) == (person_id, event.notice_id)
    assert (told["region"], told["other_region"]) == (HOME, AWAY)
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert person["residence_region"] == HOME


async def test_a_death_elsewhere_closes_nobodys_record_by_itself(app: FastAPI) -> None:
    person_id = await register_local(app)
    event = notice(kind="death-registered")
    await hear(app, event)
    await hear(app, notice(kind="death-registered", id_number=number("19660606", 18)))
    tasks = await rows(app, "SELECT kind, person_id, happened_on FROM tasks ORDER BY id")
    assert [tuple(task.values()) for task in tasks] == [
        ("death-elsewhere", person_id, event.happened_on),
        ("unknown-person", None, event.happened_on),
    ]
    (person,) = await rows(app, "SELECT status FROM persons WHERE id = $1", person_id)
    assert person["status"] == "active"


async def test_another_countys_doubt_is_looked_into(app: FastAPI) -> None:
    person_id = await register_local(app)
    event = notice(kind="correction")
    await hear(app, event)
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["person_id"], task["source_id"]) == (
        "correction-suggested",
        person_id,
        event.notice_id,
    )
    (person,) = await rows(app, "SELECT * FROM persons WHERE id = $1", person_id)
    assert (person["version"], person["contested"]) == (1, None)  # contested is her own word


async def test_a_room_that_is_none_keeps_nobody_from_arriving(app: FastAPI) -> None:
    event = arrived(room_id=new_id())
    await hear(app, event)
    (person,) = await rows(app, "SELECT * FROM persons")
    assert (person["residence_region"], person["room_id"]) == (HOME, None)
    (task,) = await rows(app, "SELECT * FROM tasks")
    assert (task["kind"], task["source_id"]) == ("unknown-room", event.arrival_id)


async def test_late_news_of_a_stay_between_two_others_cuts_the_first(app: FastAPI) -> None:
    first = arrived()  # at home since March, left in September
    await hear(app, first)
    await hear(app, departed(first.person_id))
    await hear(app, arrived(person_id=first.person_id, region=NEXT, arrived_on=date(2025, 6, 1)))
    stays = await rows(app, "SELECT region, since, until FROM residences ORDER BY since")
    assert [tuple(stay.values()) for stay in stays] == [
        (HOME, date(2025, 3, 1), date(2025, 6, 1)),
        (NEXT, date(2025, 6, 1), date(2025, 9, 1)),
    ]
    (person,) = await rows(app, "SELECT * FROM persons")
    assert person["residence_region"] is None


async def test_an_arrival_from_a_place_that_is_none_is_a_dead_letter(app: FastAPI) -> None:
    message = event_message(arrived(region="999999001"))
    for _ in range(2):
        assert not await parts_of(app).loop.deliver(message)
    assert len(await dead_letters(app)) == 1
    assert not await rows(app, "SELECT 1 FROM persons")
