"""What deaths, and records made one, do to a household. Everything is delivered twice."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.registry.persons.merging import merge_persons
from shared.events.base import Event
from shared.events.registry import PersonsMerged
from shared.events.registry_vital import DeathAnnulled, DeathRegistered
from shared.testing import event_message
from tests.conftest import parts_of
from tests.registry.places import HOME
from tests.registry.test_households_changing import HUSBAND, LAST, LATER, STRANGER, Family
from tests.registry.test_households_changing import desk as desk
from tests.registry.test_households_changing import family as family
from tests.registry.vital_samples import Desk, make_death


async def die(desk: Desk, who: dict[str, str]) -> dict[str, Any]:
    report = await desk.done(
        "death-reports", make_death(reference=f"D-{who['name']}", person=who, died_on=LATER)
    )
    return dict(await desk.done(f"death-reports/{report['id']}/registration")) | {
        "report_id": report["id"]
    }


async def hear(app: FastAPI, event: Event) -> None:
    message = event_message(event)
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)


async def told(desk: Desk, kind: str) -> list[Event]:
    """Our own events of a kind, as the bus brings them back."""
    kinds: dict[str, type[Event]] = {
        "death-registered": DeathRegistered,
        "death-annulled": DeathAnnulled,
        "persons-merged": PersonsMerged,
    }
    return [kinds[kind].model_validate(data) for data in await desk.said(kind)]


async def headless(desk: Desk) -> list[dict[str, Any]]:
    return await desk.rows(
        "SELECT household_id::text AS household, person_id::text AS person, outcome FROM tasks"
        " WHERE kind = 'household-without-head'"
    )


async def test_the_death_of_a_head_is_looked_at_once(family: Family) -> None:
    desk = family.desk
    await die(desk, HUSBAND)
    for event in await told(desk, "death-registered"):
        await hear(desk.app, event)
    assert await headless(desk) == [
        {"household": family.id, "person": family.husband, "outcome": None}
    ]
    listed = (await desk.get("household-updates")).json()["items"]
    assert [each["household_id"] for each in listed] == [family.id]
    entering = {"person_id": family.son, "relation": "8", "on": LAST}
    assert (await desk.refused(f"households/{family.id}/members", entering))[1] == (
        "household-without-head"
    )
    await desk.done(f"households/{family.id}/head", {"head": family.wife, "on": LAST})
    assert await family.read() == {family.wife: "0", family.son: "2", family.mother: "5"}
    assert [each["outcome"] for each in await headless(desk)] == ["updated"]
    assert (await family.read("2022-05-31"))[family.husband] == "0"
    assert family.husband not in await family.read(LATER)


async def test_a_death_taken_back_leaves_one_head(family: Family) -> None:
    desk = family.desk
    death = await die(desk, HUSBAND)
    for event in await told(desk, "death-registered"):
        await hear(desk.app, event)
    await desk.done(f"households/{family.id}/head", {"head": family.wife, "on": LAST})
    await desk.done(
        f"death-reports/{death['report_id']}/annulment", {"reason": "登记对象有误 wrong person"}
    )
    for event in await told(desk, "death-annulled"):
        await hear(desk.app, event)
    assert list((await family.read()).values()).count("0") == 1
    tasks = await desk.rows(
        "SELECT person_id::text AS person FROM tasks WHERE source = 'death-annulment'"
    )
    assert tasks == [{"person": family.husband}]


async def test_a_death_taken_back_at_once_needs_nobody(family: Family) -> None:
    desk = family.desk
    death = await die(desk, HUSBAND)
    for event in await told(desk, "death-registered"):
        await hear(desk.app, event)
    await desk.done(
        f"death-reports/{death['report_id']}/annulment", {"reason": "登记对象有误 wrong person"}
    )
    for event in await told(desk, "death-annulled"):
        await hear(desk.app, event)
    assert (await family.read())[family.husband] == "0"
    assert [each["outcome"] for each in await headless(desk)] == ["right-as-it-was"]


async def test_the_last_death_closes_a_household_and_its_annulment_opens_it(desk: Desk) -> None:
    person = (await desk.person(STRANGER))["id"]
    alone = (await desk.done("households", {"region": HOME, "head": person}))["id"]
    death = await die(desk, STRANGER)
    for event in await told(desk, "death-registered"):
        await hear(desk.app, event)
    closed = await desk.rows("SELECT closed_at IS NOT NULL AS closed FROM households")
    assert closed == [{"closed": True}]
    await desk.done(
        f"death-reports/{death['report_id']}/annulment", {"reason": "登记对象有误 wrong person"}
    )
    for event in await told(desk, "death-annulled"):
        await hear(desk.app, event)
    members_now = (await desk.get(f"households/{alone}")).json()["members"]
    assert [each["person_id"] for each in members_now] == [person]
    assert await desk.rows("SELECT closed_at FROM households") == [{"closed_at": None}]


async def test_a_household_that_lost_its_head_to_a_merge_is_looked_at(family: Family) -> None:
    desk = family.desk
    twin = (await desk.person(STRANGER))["id"]
    await desk.done("households", {"region": HOME, "head": twin})
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        await merge_persons(UUID(twin), UUID(family.husband), tx)
    for event in await told(desk, "persons-merged"):
        await hear(desk.app, event)
    assert [each["household"] for each in await headless(desk)] == [family.id]
