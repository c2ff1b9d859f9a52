"""Telling other services which regions there are."""

from datetime import timedelta

from services.registry.region_changes.handlers import reverse_change
from services.registry.region_changes.schemas import ReverseChange
from services.registry.region_changes.telling import tell_sought
from services.registry.regions.handlers import load_regions
from shared.db import Database
from shared.events.migrant_regions import RegionsSought
from shared.events.registry import RegionsListed, RegionVersion, list_digest
from shared.testing import event_message, make_actor
from tests.conftest import ServiceFactory, parts_of
from tests.registry.samples import REGIONS
from tests.registry.test_regions_changes import DAY, EAST, SERVICE, A, B, applied, merge, work

LISTED = RegionsListed.event_type


async def told(database: Database) -> list[RegionsListed]:
    async with database.transaction(SERVICE) as tx:
        rows = await tx.fetch("SELECT payload::jsonb AS said FROM outbox ORDER BY id")
    return [RegionsListed(**row["said"]["data"]) for row in rows if row["said"]["type"] == LISTED]


async def ask(database: Database, held: str = "", within: str = "420325") -> list[RegionsListed]:
    """What is answered, and no more than that."""
    before = len(await told(database))
    async with database.transaction(SERVICE) as tx:
        await tell_sought(within, held, tx)
    return (await told(database))[before:]


def digest(lists: list[RegionsListed]) -> str:
    return list_digest(each for listed in lists for each in listed.versions)


def versions_of(lists: list[RegionsListed], code: str) -> list[RegionVersion]:
    return [each for listed in lists for each in listed.versions if each.code == code]


async def test_who_holds_nothing_gets_the_country_and_her_own_villages(database: Database) -> None:
    lists = await ask(database)
    upper = [listed for listed in lists if len(listed.area) == 2]
    towns = [listed for listed in lists if len(listed.area) == 9]
    assert len(upper) + len(towns) == len(lists)
    codes = {each.code for listed in lists for each in listed.versions}
    expected = {code for code, _ in REGIONS if len(code) <= 6 or code.startswith("420325")}
    assert codes == expected
    for listed in lists:
        assert all(each.code.startswith(listed.area) for each in listed.versions)
    (east,) = versions_of(lists, EAST)
    assert (east.name, east.valid_to, east.became) == ("东街社区居委会", None, [])


async def test_who_holds_what_there_is_gets_nothing(database: Database) -> None:
    lists = await ask(database)
    assert await ask(database, digest(lists)) == []
    async with database.acquire() as connection:
        await load_regions(connection, [(EAST, "东街新社区")])
    (east,) = versions_of(await ask(database, digest(lists)), EAST)
    assert east.name == "东街新社区"


async def test_a_change_is_told_of_the_townships_it_touches(database: Database) -> None:
    before = await ask(database)
    await applied(database, merge())
    lists = (await told(database))[len(before) :]
    assert {listed.area for listed in lists} == {A, B}
    (east,) = versions_of(lists, EAST)
    assert (east.valid_to, east.became) == (DAY, [f"{B}002"])
    (town,) = versions_of(lists, A)
    assert (town.valid_to, town.became) == (DAY, [B])
    (new,) = versions_of(lists, f"{B}002")
    assert (new.valid_from, new.name) == (DAY, "东街社区居委会")
    # told piece by piece or as a whole, it is the same list
    held = {listed.area: listed for listed in [*before, *lists]}
    assert await ask(database, digest(list(held.values()))) == []


async def test_what_was_taken_back_is_told_again(database: Database) -> None:
    change = await applied(database, merge())
    async with database.transaction(make_actor()) as tx:
        await reverse_change(ReverseChange(document="撤销1号"), change.id, tx)
    await work(database)
    latest = {listed.area: listed for listed in await told(database)}
    versions = versions_of([latest[A]], EAST)
    assert versions[-1].valid_to is None
    (gone,) = versions_of([latest[B]], f"{B}002")
    assert gone.valid_to is not None


async def test_a_change_that_is_still_to_come_is_not_told(database: Database) -> None:
    day = DAY + timedelta(days=60)
    before = await ask(database)
    await applied(database, merge(effective_on=day.isoformat()))
    assert len(await told(database)) == len(before)


async def test_the_question_comes_by_event(start_service: ServiceFactory) -> None:
    async with start_service("registry") as app:
        parts = parts_of(app)
        message = event_message(RegionsSought(within="420325", held=""))
        for received in (message, message):
            assert await parts.loop.deliver(received)
        areas = [listed.area for listed in await told(parts.database)]
        assert len(set(areas)) == len(areas) > 1
