"""Separated persons: seen by both places, each with its duties."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.ext.asyncio import create_async_engine

from services.registry.persons.schemas import SeparatedPerson
from services.registry.persons.separated import duties, listing
from shared.migrations import expect_insiders
from shared.pages import BEFORE_ALL, Page
from shared.statements import looking
from tests.conftest import Cluster
from tests.registry.places import HOME, NEXT, number
from tests.registry.vital_samples import MOTHER, Desk


async def listed(desk: Desk, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = await desk.get(f"separated-persons{query}", **headers)
    assert answer.status_code == 200, answer.text
    declared = Page[SeparatedPerson].model_validate_json(answer.content)
    assert answer.json() == declared.model_dump(mode="json"), "it is written without the model"
    return list(answer.json()["items"])


async def three(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """Somebody at home, somebody in the next township, and a migrant; the latter two."""
    await desk.person({"name": "赵敏", "id_number": number("19910101", 116)})
    next_door = {"region": NEXT, "kind": "usual", "since": "2020-01-01"}
    separated = await desk.person(MOTHER, residence=next_door)
    return separated, await desk.migrant({"name": "李娜", "id_number": number("19910101", 118)})


async def test_both_places_see_her_and_each_knows_its_part(desk: Desk) -> None:
    separated, migrant = await three(desk)
    found = await listed(desk)
    assert [each["person_id"] for each in found] == [separated["id"], migrant["id"]]
    assert [each["here"] for each in found] == [["residence", "hukou"], ["residence"]]
    for place, here in ((HOME[:9], ["hukou"]), (NEXT[:9], ["residence"])):
        for headers, query in (
            ({}, f"?region={place}"),
            (desk.as_actor(scope="registry:read", region=place), ""),
        ):
            seen = await listed(desk, query, **headers)
            her = next(each for each in seen if each["person_id"] == separated["id"])
            assert her["here"] == here
    in_city = await listed(desk, "?within_city=true")
    assert [each["person_id"] for each in in_city] == [separated["id"]]


async def test_the_duties_of_both_places_have_words(desk: Desk) -> None:
    separated, _ = await three(desk)
    known = (await desk.get("separation-duties")).json()
    assert (len(known["residence"]), len(known["hukou"])) == (7, 5)
    her = (await listed(desk))[0]
    assert her["person_id"] == separated["id"]
    assert her["here"] and known.keys() >= set(her["here"]), "whose duties they are"
    for place in ("residence", "hukou"):
        assert all(each["zh"] and each["en"] and each["basis"] for each in known[place])


def test_no_duty_is_a_fee_or_a_check_of_her() -> None:
    for each in [*duties().residence, *duties().hukou]:
        assert not any(word in each.zh for word in ("费", "查验", "处罚", "检查", "落实"))


async def test_pages_and_looks(desk: Desk) -> None:
    separated, migrant = await three(desk)
    first = (await desk.get("separated-persons?limit=1")).json()
    second = (await desk.get(f"separated-persons?limit=1&cursor={first['next']}")).json()
    assert [page["items"][0]["person_id"] for page in (first, second)] == [
        separated["id"],
        migrant["id"],
    ]
    assert second["next"] is None
    looks = await desk.rows(
        "SELECT subject_id::text AS id FROM usage_entries WHERE kind = 'residence'"
    )
    assert {look["id"] for look in looks} == {separated["id"], migrant["id"]}


async def test_who_sees_the_list(desk: Desk) -> None:
    await three(desk)
    assert (await desk.get("separated-persons?region=420381")).status_code == 403
    assert (await desk.get("separated-persons?region=4203251000")).status_code == 400
    assert (await desk.get("separated-persons?cursor=x")).status_code == 400
    foreign = desk.as_actor(scope="registry:read", region="420381")
    assert await listed(desk, **foreign) == []
    other = desk.as_actor(scope="registry:report")
    assert (await desk.get("separated-persons", **other)).status_code == 403
    del desk.office.headers["Purpose"]
    assert (await desk.get("separated-persons")).status_code == 400


_CROWD = """
INSERT INTO persons (id, version, status, name, sex, birth_date, nationality, hukou_region,
    residence_region, residence_kind, residence_since, created_at, updated_at)
SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 'active', '王芳', '2',
    '1990-01-01', '01', '420325' || lpad((100 + n % 20)::text, 3, '0') || '001',
    CASE WHEN n % 2 = 1 THEN '420381100001' ELSE '420325' || lpad((100 + n % 20)::text, 3, '0')
        || '001' END, 'usual', '2020-05-01', now(), now()
FROM generate_series(1, 20000) AS n
"""
_ASKED = "text, uuid, text, text, timestamptz, text, text, text, text, text, bigint"


@pytest.fixture
async def crowd(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    """The service's own connection to a register of 20,000 people, every second one separated."""
    dsn = await cluster.database("registry")
    owner = await asyncpg.connect(cluster.owner("registry"))
    await owner.execute(_CROWD)
    await owner.execute("ANALYZE persons")
    await owner.close()
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()
    await cluster.empty("registry")


async def plan_of(connection: asyncpg.Connection, region: str, how: str) -> str:
    """How PostgreSQL finds a page of a region, in the one statement that also notes the looks."""
    statement = looking(listing(region, False, 26), "person_id", 2)
    await connection.execute(f"PREPARE page ({_ASKED}) AS {statement}")
    await connection.execute(f"SET plan_cache_mode = {how}")
    given = f"'{region}', '{BEFORE_ALL}', '{region}', null, now(), 's', 'o', 'p', null, 'k', 25"
    plan = await connection.fetch(f"EXPLAIN EXECUTE page ({given})")
    await connection.execute("DEALLOCATE page")
    return "\n".join(row[0] for row in plan)


@pytest.mark.parametrize("how", ["force_custom_plan", "force_generic_plan"])
async def test_a_page_of_a_county_is_walked_to(crowd: asyncpg.Connection, how: str) -> None:
    """Neither all its people are read for a page, nor sorted."""
    plan = await plan_of(crowd, "420325", how)
    assert "Index Scan using persons_separated" in plan
    assert "Sort Key: persons.id" not in plan


async def test_the_few_of_a_village_are_found_by_their_region(crowd: asyncpg.Connection) -> None:
    plan = await plan_of(crowd, "420325103001", "auto")
    assert "persons_hukou" in plan and "persons_residence" in plan
    assert "persons_separated" not in plan


async def test_the_planner_expects_rows_inside_the_jurisdiction(
    crowd: asyncpg.Connection, cluster: Cluster
) -> None:
    """Also by a policy that was made before policies said so."""
    engine = create_async_engine(cluster.owner("registry").replace("://", "+asyncpg://"))
    async with engine.connect() as connection:

        async def said(statement: str) -> str:
            return str((await connection.exec_driver_sql(statement)).scalar())

        async def expected() -> int:
            first_line = await said("EXPLAIN SELECT FROM persons")
            return int(first_line.partition("rows=")[2].split()[0])

        await connection.exec_driver_sql("ALTER TABLE persons FORCE ROW LEVEL SECURITY")
        assert await expected() > 5_000
        await connection.exec_driver_sql(f"ALTER POLICY jurisdiction ON persons USING ({_OLD})")
        assert await expected() < 1_000
        await connection.run_sync(_expecting_insiders)
        assert await expected() > 5_000
        policy = await said("SELECT qual FROM pg_policies WHERE tablename = 'persons'")
        assert policy.startswith("COALESCE(") and policy.endswith(", false)")
        await connection.rollback()
    await engine.dispose()


_OLD = "starts_with(hukou_region, nullif(current_setting('yipan.region', true), ''))"


def _expecting_insiders(connection: SyncConnection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        expect_insiders()
