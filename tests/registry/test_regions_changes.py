"""Changes of the map put in force: the people, homes and figures of the areas concerned."""

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.registry.consumer import migrant_arrived, migrant_departed
from services.registry.errors import AnotherChange, ImpossibleChange, UnknownRegion
from services.registry.persons.handlers import register_person
from services.registry.persons.models import Person
from services.registry.persons.queries import id_number_of
from services.registry.persons.schemas import RegisterPerson
from services.registry.region_changes.following import ROWS
from services.registry.region_changes.handlers import (
    cancel_change,
    change_regions,
    place_people,
    reverse_change,
)
from services.registry.region_changes.queries import codes_today, get_change, present_code
from services.registry.region_changes.rules import Fault
from services.registry.region_changes.schemas import (
    ChangeRegions,
    PlacePeople,
    RegionChangeView,
    ReverseChange,
)
from services.registry.region_changes.worker import RegionChangeWorker
from services.registry.regions.handlers import load_regions
from services.registry.regions.queries import (
    forget_known_regions,
    map_on,
    region_name_on,
    require_region,
)
from services.registry.statistics.queries import count_bridge
from shared.actors import Actor, service_actor
from shared.clock import today
from shared.codes import resident_id_check_digit
from shared.db import Database, Tx
from shared.events.migrant import MigrantArrived, MigrantDeparted
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.testing import make_actor
from shared.usage import Purpose
from tests.conftest import Cluster

SERVICE = service_actor("registry", "county-420325", "420325")
A, B = "420325100", "420325101"
EAST, WEST, NORTH = f"{A}001", f"{A}002", f"{A}200"
DAY = today() - timedelta(days=30)
LAST_YEAR = DAY - timedelta(days=365)


def merge(**changes: Any) -> ChangeRegions:
    """Township A into B."""
    return asked(kind="merge", lines=[{"from_region": A, "to_region": B}], **changes)


def asked(**changes: Any) -> ChangeRegions:
    values: dict[str, Any] = {"document": "房政发〔2026〕1号", "effective_on": DAY.isoformat()}
    return ChangeRegions.model_validate(values | changes)


async def do(database: Database, command: ChangeRegions) -> RegionChangeView:
    async with database.transaction(make_actor()) as tx:
        return await change_regions(command, tx)


async def work(database: Database, batch: int = 500) -> None:
    forget_known_regions()
    while await RegionChangeWorker(database, SERVICE, batch=batch).work_once():
        pass


async def applied(database: Database, command: ChangeRegions) -> RegionChangeView:
    made = await do(database, command)
    await work(database)
    return await view(database, made.id)


async def view(database: Database, change_id: UUID) -> RegionChangeView:
    async with database.transaction(SERVICE) as tx:
        return await get_change(change_id, tx)


async def one(database: Database, query: str, *args: object, actor: Actor = SERVICE) -> Any:
    async with database.transaction(actor) as tx:
        return await tx.fetch_value(query, *args)


async def settle(
    tx: Tx, order: int, hukou: str, home: str | None = None, room: UUID | None = None
) -> UUID:
    """Somebody who lives where her household register is, or elsewhere."""
    first17 = f"4203251990010{order:04}"
    body = {
        "name": "王芳",
        "sex": "1" if order % 2 else "2",
        "birth_date": f"1990-01-0{first17[13]}",
        "id_number": first17 + resident_id_check_digit(first17),
        "hukou_region": hukou,
        "residence": {
            "region": home or hukou,
            "kind": "usual",
            "since": "2020-05-01",
            "room_id": str(room) if room else None,
        },
    }
    return (await register_person(RegisterPerson.model_validate(body), tx)).id


async def people(database: Database, *places: tuple[str, str | None]) -> list[UUID]:
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        return [await settle(tx, 1000 + n, hukou, home) for n, (hukou, home) in enumerate(places)]


async def house(database: Database, village: str, number: str) -> tuple[UUID, UUID]:
    """A dwelling and a room of it."""
    async with database.transaction(make_actor()) as tx:
        row = await tx.fetch_row(
            "INSERT INTO dwellings (id, version, region, number, use, created_at, created_by)"
            " VALUES (gen_random_uuid(), 1, $1, $2, 'owner', now(), 'test') RETURNING id",
            village,
            number,
        )
        room = await tx.fetch_row(
            "INSERT INTO rooms (id, dwelling_id, number) VALUES (gen_random_uuid(), $1, '1')"
            " RETURNING id",
            row["id"] if row else None,
        )
    assert row is not None
    assert room is not None
    return row["id"], room["id"]


async def total(database: Database, area: str, day: date) -> tuple[int, int]:
    """All people and those registered there, on a day."""
    async with database.transaction(SERVICE) as tx:
        bridge = await count_bridge(area, day, tx)
    return bridge.total, bridge.hukou


async def test_a_question_about_last_year_is_answered_with_last_years_map(
    database: Database,
) -> None:
    await people(database, (EAST, None), (EAST, WEST), (NORTH, "330106"), (f"{B}001", None))
    before = await total(database, A, today()), await total(database, B, today())
    assert before == ((3, 3), (1, 1))
    change = await applied(database, merge())
    assert (change.status, change.people_done, change.people_total) == ("applied", 3, 3)
    for day in (LAST_YEAR, DAY - timedelta(days=1)):
        assert await total(database, A, day) == (3, 3)
        assert await total(database, B, day) == (1, 1)
    for day in (DAY, today()):
        assert await total(database, A, day) == (0, 0)
        assert await total(database, B, day) == (4, 4)
    async with database.transaction(SERVICE) as tx:
        assert A not in await map_on(DAY, "420325", tx)
        assert (await map_on(LAST_YEAR, "420325", tx))[EAST].name == "东街社区居委会"
        assert await region_name_on(A, LAST_YEAR, tx) == "城关镇"
        assert await region_name_on(A, DAY, tx) is None
        assert await present_code(EAST, tx) == f"{B}002"
        assert await codes_today(A, tx) == [B]


async def test_each_person_is_recoded_whole_and_her_record_says_so(database: Database) -> None:
    (person,) = await people(database, (EAST, WEST))
    change = await applied(database, merge())
    async with database.transaction(SERVICE) as tx:
        row = await tx.fetch_row("SELECT * FROM persons WHERE id = $1", person)
        stays = await tx.fetch(
            "SELECT * FROM residences WHERE person_id = $1 ORDER BY since", person
        )
        move = await tx.fetch_row("SELECT * FROM hukou_moves WHERE person_id = $1", person)
        version = await tx.fetch_row("SELECT * FROM person_versions WHERE person_id = $1", person)
        said = await tx.fetch("SELECT payload FROM outbox")
        believed = await tx.fetch("SELECT fact FROM earlier_facts WHERE person_id = $1", person)
    assert row is not None
    east, west = f"{B}002", f"{B}003"
    assert (row["hukou_region"], row["residence_region"]) == (east, west)
    assert (row["version"], row["residence_since"]) == (2, date(2020, 5, 1))  # she lives on there
    assert [(s["region"], s["since"], s["until"], s["cause"]) for s in stays] == [
        (WEST, date(2020, 5, 1), DAY, "moved"),
        (west, DAY, None, "region-changed"),
    ]
    assert move is not None
    assert (move["from_region"], move["to_region"], move["moved_on"], move["cause"]) == (
        EAST,
        east,
        DAY,
        "region-changed",
    )
    assert version is not None
    assert (version["reason"], version["changed_on"]) == ("区划调整 房政发〔2026〕1号", DAY)
    assert [each["fact"]["region"] for each in believed] == [WEST]
    texts = " ".join(each["payload"] for each in said)
    assert "residence-changed" not in texts
    assert "regions-changed" in texts
    assert str(change.id) in texts


async def test_homes_households_and_open_work_follow(database: Database) -> None:
    dwelling, room = await house(database, EAST, "12")
    await house(database, NORTH, "9")
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        person = await settle(tx, 1001, EAST, None, room)
        await tx.execute(
            "INSERT INTO households (id, version, region, county, created_at, created_by)"
            " VALUES (gen_random_uuid(), 1, $1, '420325', now(), 'test')",
            EAST,
        )
        await tx.execute(
            "INSERT INTO tasks (id, kind, source, source_id, region, happened_on, created_at,"
            " person_id) VALUES (gen_random_uuid(), 'unknown-person', 'notice',"
            " gen_random_uuid(), $1, $2, now(), $3)",
            EAST,
            DAY,
            person,
        )
        await tx.execute(
            "INSERT INTO workplaces (id, person_id, region, since, source, source_id, recorded_at,"
            " recorded_by) VALUES (gen_random_uuid(), $1, $2, $3, 'employment',"
            " gen_random_uuid(), now(), 'test')",
            person,
            NORTH,
            LAST_YEAR,
        )
    await applied(database, merge())
    async with database.transaction(SERVICE) as tx:
        for table in ("dwellings", "households", "tasks"):
            rows = await tx.fetch(f"SELECT region FROM {table}")
            assert {row["region"][:9] for row in rows} == {B}, table
        versions = await tx.fetch("SELECT version FROM dwellings WHERE id = $1", dwelling)
        works = await tx.fetch("SELECT * FROM workplaces ORDER BY since")
    assert [row["version"] for row in versions] == [2]  # who edits the old one must read it again
    assert [(w["region"], w["since"], w["until"]) for w in works] == [
        (NORTH, LAST_YEAR, DAY),
        (f"{B}200", DAY, None),
    ]
    assert [w["source_id"] is None for w in works] == [True, False]


async def test_two_buildings_of_one_number_come_together(database: Database) -> None:
    first, _ = await house(database, EAST, "12")
    second, _ = await house(database, WEST, "12")
    lines = [{"from_region": EAST, "to_region": WEST}]
    change = await applied(database, asked(kind="merge", lines=lines))
    numbers = "SELECT number FROM dwellings WHERE id = $1"
    assert await one(database, numbers, second) == "12"
    assert await one(database, numbers, first) == "12-001"
    asked_for = "SELECT source_id FROM tasks WHERE kind = 'renumbered-dwelling'"
    assert await one(database, asked_for) == first
    async with database.transaction(make_actor()) as tx:
        await reverse_change(ReverseChange(document="更正"), change.id, tx)
    await work(database)
    assert await one(database, numbers, first) == "12"
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", first) == EAST
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", second) == WEST


async def test_nobody_is_ever_out_of_sight_or_half_recoded(database: Database) -> None:
    ids = await people(database, *((EAST, (EAST, WEST)[n % 2]) for n in range(12)))
    change = await do(database, merge())
    seen, before = set(), 0
    for _ in range(12):
        worker = RegionChangeWorker(database, SERVICE, batch=2)
        task = asyncio.create_task(worker.work_once())
        while (await view(database, change.id)).people_done < min(before + 2, 12):
            await asyncio.sleep(0)
        task.cancel()  # killed in the middle, whatever it is at
        with suppress(asyncio.CancelledError):
            await task
        counts = []
        for region in ("420325", A, B):
            count = "SELECT count(*) FROM persons"
            counts.append(await one(database, count, actor=make_actor(region=region)))
        seen.add(tuple(counts))
        assert counts[0] == counts[1] + counts[2] == 12
        torn = (
            "SELECT count(*) FROM persons AS p WHERE left(hukou_region, 9)"
            " <> left(residence_region, 9) OR residence_region <>"
            " (SELECT region FROM residences WHERE person_id = p.id AND until IS NULL)"
            " OR (left(hukou_region, 9) = $1) <> EXISTS (SELECT FROM hukou_moves"
            " WHERE person_id = p.id)"
        )
        assert await one(database, torn, B) == 0
        before = (await view(database, change.id)).people_done
        assert before == counts[2]
    async with asyncio.timeout(30):  # the last one killed may hold its lock for a moment yet
        while (await view(database, change.id)).status != "applied":
            await work(database)
    assert (await view(database, change.id)).people_done == 12
    moves = "SELECT count(*) FROM hukou_moves WHERE person_id = ANY($1)"
    assert await one(database, moves, ids) == 12
    assert len(seen) > 2  # it was seen on the way


async def test_two_workers_do_a_change_once(database: Database) -> None:
    await people(database, *((EAST, None) for _ in range(9)))
    change = await do(database, merge())
    workers = [RegionChangeWorker(database, SERVICE, batch=2).work_once() for _ in range(3)]
    assert sorted(await asyncio.gather(*workers)) == [False, False, True]
    done = await view(database, change.id)
    assert (done.status, done.people_done) == ("applied", 9)
    assert await one(database, "SELECT count(*) FROM hukou_moves") == 9
    await RegionChangeWorker(database, SERVICE).sweep()
    assert await one(database, "SELECT count(*) FROM hukou_moves") == 9


async def test_who_came_in_under_the_old_code_is_found(database: Database) -> None:
    await applied(database, merge())
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        await tx.execute("UPDATE regions SET valid_to = NULL WHERE code = $1", EAST)
        forget_known_regions()
        late = await settle(tx, 1001, EAST)  # a replica that did not know yet
        await tx.execute("UPDATE regions SET valid_to = $2 WHERE code = $1", EAST, DAY)
    await RegionChangeWorker(database, SERVICE).sweep()
    assert await one(database, "SELECT hukou_region FROM persons WHERE id = $1", late) == f"{B}002"


async def test_an_abolished_code_is_refused_from_its_day(database: Database) -> None:
    await applied(database, merge())
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        await require_region(EAST, tx, on=LAST_YEAR)
        with pytest.raises(UnknownRegion) as raised:
            await settle(tx, 1001, EAST)
        assert raised.value.extra == {"reason": "abolished", "valid_to": DAY.isoformat()}
        with pytest.raises(UnknownRegion) as raised:
            await require_region(f"{B}002", tx, on=LAST_YEAR)
        assert raised.value.extra == {"reason": "not-yet", "valid_from": DAY.isoformat()}
        with pytest.raises(UnknownRegion) as raised:
            await require_region("420325999", tx)
        assert raised.value.extra == {"reason": "unknown"}


async def test_what_happened_since_the_day_is_recoded_too(database: Database) -> None:
    """Recorded late: she moved from A's east to B, and he to A's north, after the new map held."""
    she, he = await people(database, (EAST, None), (f"{B}001", None))
    moved = DAY + timedelta(days=10)
    async with database.transaction(SERVICE) as tx:
        for person, to, hukou in ((she, f"{B}001", EAST), (he, NORTH, f"{B}001")):
            await tx.execute(
                "UPDATE residences SET until = $2 WHERE person_id = $1 AND until IS NULL",
                person,
                moved,
            )
            await tx.execute(
                "INSERT INTO residences (id, person_id, region, kind, since, cause, recorded_at,"
                " recorded_by) VALUES (gen_random_uuid(), $1, $2, 'usual', $3, 'moved', now(),"
                " 'test')",
                person,
                to,
                moved,
            )
            await tx.execute(
                "INSERT INTO hukou_moves (id, person_id, from_region, to_region, moved_on, cause,"
                " recorded_at, recorded_by) VALUES (gen_random_uuid(), $1, $2, $3, $4, 'moved',"
                " now(), 'test')",
                person,
                hukou,
                to,
                moved,
            )
            await tx.execute(
                "UPDATE persons SET hukou_region = $2, residence_region = $2,"
                " residence_since = $3 WHERE id = $1",
                person,
                to,
                moved,
            )
    await applied(database, merge())
    for day, a, b in (
        (DAY - timedelta(days=1), (1, 1), (1, 1)),
        (DAY, (0, 0), (2, 2)),
        (moved, (0, 0), (2, 2)),
        (today(), (0, 0), (2, 2)),
    ):
        assert (await total(database, A, day), await total(database, B, day)) == (a, b), day
    stays = "SELECT array_agg(region ORDER BY since) FROM residences WHERE person_id = $1"
    assert await one(database, stays, she) == [EAST, f"{B}002", f"{B}001"]
    assert await one(database, stays, he) == [f"{B}001", f"{B}200"]


async def test_a_wrong_change_is_undone_as_though_it_had_never_been(database: Database) -> None:
    ids = await people(database, (EAST, None), (EAST, WEST), (f"{B}001", None))
    before = await figures(database)
    change = await applied(database, merge())
    async with database.transaction(make_actor()) as tx:
        undo = await reverse_change(ReverseChange(document="撤销房政发1号"), change.id, tx)
    await work(database)
    assert await figures(database) == before
    assert (await view(database, undo.id)).status == "applied"
    assert (await view(database, change.id)).reversed_by == undo.id
    codes = "SELECT array_agg(DISTINCT residence_region ORDER BY residence_region) FROM persons"
    assert await one(database, codes) == [EAST, WEST, f"{B}001"]
    async with database.transaction(SERVICE) as tx:
        await require_region(EAST, tx)
        assert await codes_today(EAST, tx) == [EAST]
        assert await codes_today(f"{B}001", tx) == [f"{B}001"]
        with pytest.raises(UnknownRegion):
            await require_region(f"{B}002", tx)
        with pytest.raises(ImpossibleChange):
            await reverse_change(ReverseChange(document="再撤回"), change.id, tx)
        with pytest.raises(ImpossibleChange):
            await reverse_change(ReverseChange(document="再撤回"), undo.id, tx)
    assert len(ids) == 3
    again = await applied(database, merge(document="重新发文"))
    assert again.status == "applied"
    assert await total(database, B, today()) == (3, 3)


async def figures(database: Database) -> list[tuple[int, int]]:
    return [
        await total(database, area, day)
        for area in (A, B, EAST, WEST, f"{B}001")
        for day in (LAST_YEAR, DAY - timedelta(days=1), DAY, today())
    ]


async def test_undoing_a_merge_of_villages_tells_neighbours_apart(database: Database) -> None:
    _, room = await house(database, EAST, "12")
    east, west = await people(database, (EAST, None), (WEST, None))
    lines = [{"from_region": EAST, "to_region": WEST}]
    change = await applied(database, asked(kind="merge", lines=lines))
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        came = await settle(tx, 2001, WEST, None, room)  # into a building of the old east
        stranger = await settle(tx, 2002, WEST)
        await reverse_change(ReverseChange(document="更正"), change.id, tx)
    await work(database)
    homes = "SELECT hukou_region || residence_region FROM persons WHERE id = $1"
    for person, place in ((east, EAST), (west, WEST), (came, EAST), (stranger, WEST)):
        assert await one(database, homes, person) == place + place


async def test_a_split_goes_by_dwellings_and_asks_about_the_rest(database: Database) -> None:
    here, room_here = await house(database, EAST, "1")
    there, room_there = await house(database, EAST, "2")
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        stays = await settle(tx, 1001, EAST, None, room_here)
        goes = await settle(tx, 1002, EAST, None, room_there)
        asks = await settle(tx, 1003, EAST)
        away = await settle(tx, 1004, EAST, "330106")  # registered here, lives elsewhere
    new = f"{A}003"
    lines = [
        {"from_region": EAST, "to_region": EAST},
        {
            "from_region": EAST,
            "to_region": new,
            "name": "东苑社区居委会",
            "dwellings": [str(there)],
        },
    ]
    change = await applied(database, asked(kind="split", lines=lines))
    assert (change.unplaced, change.people_done, change.rows_done) == (2, 1, 1)
    homes = "SELECT hukou_region || coalesce(residence_region, '') FROM persons WHERE id = $1"
    assert await one(database, homes, stays) == EAST + EAST
    assert await one(database, homes, goes) == new + new
    assert await one(database, homes, asks) == EAST + EAST
    assert await one(database, homes, away) == EAST + "330106"
    waiting = "SELECT array_agg(person_id ORDER BY person_id) FROM tasks WHERE settled_at IS NULL"
    assert await one(database, waiting) == sorted([asks, away])
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        with pytest.raises(ImpossibleChange):
            await place_people(
                PlacePeople(to_region=WEST, people=[asks], dwellings=[]), change.id, tx
            )
        placed = await place_people(
            PlacePeople(to_region=new, people=[asks, stays], dwellings=[]), change.id, tx
        )
        assert (placed.people, [each.subject_id for each in tx.usages]) == (1, [asks])
    assert await one(database, homes, asks) == new + new
    assert await one(database, homes, stays) == EAST + EAST
    assert await one(database, waiting) == [away]
    moved = "SELECT moved_on FROM hukou_moves WHERE person_id = $1"
    assert await one(database, moved, asks) == DAY
    async with database.transaction(make_actor()) as tx:
        await reverse_change(ReverseChange(document="更正"), change.id, tx)
    await work(database)
    for person in (stays, goes, asks):
        assert await one(database, homes, person) == EAST + EAST
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", there) == EAST
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", here) == EAST


async def test_the_rest_of_a_split_goes_where_the_office_says(database: Database) -> None:
    dwelling, _ = await house(database, EAST, "1")
    other, _ = await house(database, EAST, "2")
    (person,) = await people(database, (EAST, None))
    lines = [
        {"from_region": EAST, "to_region": f"{A}003", "name": "东一", "dwellings": [str(dwelling)]},
        {"from_region": EAST, "to_region": f"{A}004", "name": "东二"},
    ]
    change = await applied(database, asked(kind="split", lines=lines, remainder=f"{A}004"))
    assert (change.unplaced, change.rows_done) == (0, 2)
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", other) == f"{A}004"
    assert (
        await one(database, "SELECT hukou_region FROM persons WHERE id = $1", person) == f"{A}004"
    )


async def test_a_split_without_a_rest_leaves_no_dwelling_unasked(database: Database) -> None:
    dwelling, _ = await house(database, EAST, "1")
    other, _ = await house(database, EAST, "2")
    lines = [
        {"from_region": EAST, "to_region": f"{A}003", "name": "东一", "dwellings": [str(dwelling)]},
        {"from_region": EAST, "to_region": f"{A}004", "name": "东二"},
    ]
    change = await applied(database, asked(kind="split", lines=lines))
    assert change.unplaced == 1
    task = "SELECT source_id FROM tasks WHERE kind = 'unplaced-dwelling' AND settled_at IS NULL"
    assert await one(database, task) == other
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        command = PlacePeople(to_region=f"{A}004", people=[], dwellings=[other])
        assert (await place_people(command, change.id, tx)).dwellings == 1
    assert await one(database, "SELECT region FROM dwellings WHERE id = $1", other) == f"{A}004"
    assert await one(database, task) is None


async def test_a_change_to_come_waits_for_its_day(database: Database) -> None:
    await people(database, (EAST, None))
    later = today() + timedelta(days=5)
    change = await do(database, merge(effective_on=later.isoformat()))
    await work(database)
    assert (await view(database, change.id)).status == "planned"
    assert await total(database, A, today()) == (1, 1)
    async with database.transaction(SERVICE) as tx:  # the day comes
        await tx.execute("UPDATE region_changes SET effective_on = $1", tx.today)
    await work(database)
    assert (await view(database, change.id)).status == "applied"
    assert await total(database, B, today()) == (1, 1)


async def test_a_change_to_come_can_be_called_off(database: Database) -> None:
    later = today() + timedelta(days=5)
    change = await do(database, merge(effective_on=later.isoformat()))
    async with database.transaction(make_actor()) as tx:
        with pytest.raises(ImpossibleChange):
            await reverse_change(ReverseChange(document="撤回"), change.id, tx)
        assert (await cancel_change(change.id, tx)).status == "cancelled"
        with pytest.raises(ImpossibleChange):
            await cancel_change(change.id, tx)
    assert (await applied(database, merge())).status == "applied"


async def test_a_change_that_no_longer_fits_the_map_changes_nothing(database: Database) -> None:
    later = today() + timedelta(days=5)
    change = await do(database, merge(effective_on=later.isoformat()))
    async with database.acquire() as connection:
        await load_regions(connection, [(A, "城关街道")])  # a list renamed it meanwhile
    async with database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE region_changes SET effective_on = $1", tx.today)
    await work(database)
    done = await view(database, change.id)
    assert (done.status, done.failure) == ("failed", Fault.CHANGED_SINCE)
    assert await one(database, "SELECT valid_to FROM regions WHERE code = $1", A) is None


async def test_one_change_of_an_area_at_a_time_and_none_twice(database: Database) -> None:
    first = await do(database, merge())
    with pytest.raises(AnotherChange) as raised:
        await do(
            database,
            asked(
                kind="rename",
                lines=[{"from_region": f"{B}001", "to_region": f"{B}001", "name": "新名"}],
            ),
        )
    assert raised.value.extra["change_id"] == str(first.id)
    await work(database)
    with pytest.raises(ImpossibleChange) as refused:
        await do(database, merge())
    assert refused.value.extra["reason"] == Fault.UNKNOWN_AREA
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        await change_regions(
            asked(kind="rename", lines=[{"from_region": B, "to_region": B, "name": "军店街道"}]), tx
        )
    await work(database)
    async with database.transaction(make_actor()) as tx:
        with pytest.raises(ImpossibleChange) as refused:
            await reverse_change(ReverseChange(document="撤回"), first.id, tx)
    assert refused.value.extra["reason"] == Fault.CHANGED_SINCE


async def test_two_offices_decide_at_once(database: Database) -> None:
    results = await asyncio.gather(
        do(database, merge()), do(database, merge()), return_exceptions=True
    )
    made = [each for each in results if isinstance(each, RegionChangeView)]
    assert len(made) == 1
    (refused,) = [each for each in results if not isinstance(each, RegionChangeView)]
    assert isinstance(refused, ImpossibleChange | AnotherChange)


async def test_an_area_in_use_is_not_abolished(database: Database) -> None:
    (person,) = await people(database, (NORTH, None))
    lines = [{"from_region": NORTH}]
    with pytest.raises(ImpossibleChange) as raised:
        await do(database, asked(kind="abolish", lines=lines))
    assert raised.value.extra["reason"] == Fault.IN_USE
    async with database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE persons SET hukou_region = $1, residence_region = $1", EAST)
    done = await applied(database, asked(kind="abolish", lines=lines))
    assert done.status == "applied"
    back = await applied(
        database,
        asked(kind="establish", lines=[{"to_region": f"{A}201", "name": "北关新村"}]),
    )
    assert back.steps[0].begins
    assert person


async def test_a_dwelling_of_another_village_cannot_be_split_off(database: Database) -> None:
    other, _ = await house(database, WEST, "1")
    lines = [
        {"from_region": EAST, "to_region": EAST},
        {"from_region": EAST, "to_region": f"{A}003", "name": "新", "dwellings": [str(other)]},
    ]
    with pytest.raises(ImpossibleChange) as raised:
        await do(database, asked(kind="split", lines=lines))
    assert raised.value.extra["reason"] == Fault.UNKNOWN_DWELLING


async def test_only_the_county_decides_on_its_map(database: Database) -> None:
    for region in (A, "420381", "33"):
        async with database.transaction(make_actor(region=region)) as tx:
            with pytest.raises(OutsideJurisdiction):
                await change_regions(merge(), tx)
    async with database.transaction(make_actor(region="4203")) as tx:
        assert (await change_regions(merge(), tx)).county == "420325"


async def test_every_column_that_follows_the_map_is_there(cluster: Cluster) -> None:
    await cluster.database("registry")
    connection = await asyncpg.connect(cluster.owner("registry"))
    try:
        rows = await connection.fetch(
            "SELECT table_name || '.' || column_name AS place FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    finally:
        await connection.close()
    assert {each.place for each in ROWS} <= {row["place"] for row in rows}


async def test_events_that_come_late_under_the_old_code_are_understood(
    database: Database,
) -> None:
    """The desk's own records had the old code when she left: delivered twice."""
    (person,) = await people(database, ("330106", EAST))
    await applied(database, merge())
    event = MigrantDeparted(
        departure_id=new_id(),
        person_id=person,
        region=EAST,
        to_region="33",
        departed_on=today(),
    )
    for _ in range(2):
        async with database.transaction(SERVICE) as tx:
            await migrant_departed(event, tx)
    assert await one(database, "SELECT residence_region FROM persons WHERE id = $1", person) is None
    arrival = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        name="李雷",
        id_number="33010619900101003" + resident_id_check_digit("33010619900101003"),
        region=NORTH,
        origin_region="330106",
        arrived_on=today(),
        stay_purpose="work",
    )
    for _ in range(2):
        async with database.transaction(SERVICE) as tx:
            await migrant_arrived(arrival, tx)
    home = "SELECT residence_region FROM persons WHERE id = $1"
    assert await one(database, home, arrival.person_id) == f"{B}200"


async def test_the_grid_follows_and_two_heads_of_one_community_are_asked_about(
    database: Database,
) -> None:
    posts = {}
    async with database.transaction(SERVICE) as tx:
        for village, level, number in (
            (EAST, "community", "1"),
            (EAST, "liaison", "7"),
            (WEST, "community", "1"),
            (WEST, "liaison", "7"),
        ):
            posts[village, level] = new_id()
            await tx.execute(
                "INSERT INTO grid_posts (id, version, level, region, number, parent_id, since,"
                " recorded_at, recorded_by) VALUES ($1, 1, $2, $3, $4, $5, $6, now(), 'test')",
                posts[village, level],
                level,
                village,
                number,
                None if level == "community" else posts[village, "community"],
                LAST_YEAR,
            )
    lines = [{"from_region": EAST, "to_region": WEST}]
    change = await applied(database, asked(kind="merge", lines=lines))
    assert (change.status, change.rows_done) == ("applied", 1)
    post = "SELECT region || ' ' || number FROM grid_posts WHERE id = $1"
    assert await one(database, post, posts[EAST, "liaison"]) == f"{WEST} 7-001"
    assert await one(database, post, posts[EAST, "community"]) == f"{EAST} 1"
    task = "SELECT source_id FROM tasks WHERE kind = 'unmoved-record'"
    assert await one(database, task) == posts[EAST, "community"]


async def test_who_left_before_the_day_and_is_heard_of_after_it_has_left(
    database: Database,
) -> None:
    (person,) = await people(database, (EAST, None))
    await applied(database, merge())
    moved = DAY - timedelta(days=12)
    async with database.transaction(SERVICE) as tx:
        number = str(id_number_of(await tx.require(Person, person), tx))
    arrival = MigrantArrived(
        arrival_id=new_id(),
        person_id=person,
        name="王芳",
        id_number=number,
        region=f"{B}001",
        origin_region="420325",
        arrived_on=moved,
        stay_purpose="work",
    )
    for _ in range(2):
        async with database.transaction(SERVICE) as tx:
            await migrant_arrived(arrival, tx)
    async with database.transaction(SERVICE) as tx:
        assert (await count_bridge(f"{B}001", moved, tx)).usual == 1
        assert (await count_bridge(EAST, moved, tx)).absent == 1
    home = "SELECT residence_region FROM persons WHERE id = $1"
    assert await one(database, home, person) == f"{B}001"
