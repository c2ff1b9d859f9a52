"""Design §1.6 and §4: usage entries cannot be changed by the service itself, and the database
shows nobody's rows to a transaction of another region, whatever SQL it runs."""

import asyncpg
import pytest

from deploy.box.databases import SERVICES
from tests.conftest import Cluster

# Tables with people in them that row-level security need not cover, and why.
WITHOUT_REGION = {
    "usage_entries": "asked by subject; the data tracker checks who asks",
    "subject_aliases": "ids only",
    "idempotency_keys": "asked by actor and key; answers are sealed",
    "outbox": "events; personal fields are sealed",
    "dead_letters": "events; personal fields are sealed",
}
PERSONAL = (
    "person_id",
    "id_number_sealed",
    "phone_sealed",
    "name_sealed",
    "subject_sealed",
    "body_sealed",
)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE usage_entries SET purpose = 'x'",
        "DELETE FROM usage_entries",
        "TRUNCATE usage_entries",
        "DROP TABLE usage_entries",
    ],
)
async def test_nobody_edits_who_looked(cluster: Cluster, service: str, change: str) -> None:
    connection = await asyncpg.connect(await cluster.database(service))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change)
    finally:
        await connection.close()


async def told_to_its_owner(
    cluster: Cluster, service: str, statement: str, *args: object
) -> list[asyncpg.Record]:
    await cluster.database(service)
    connection = await asyncpg.connect(cluster.owner(service))
    try:
        return await connection.fetch(statement, *args)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_with_people_has_the_second_wall(cluster: Cluster, service: str) -> None:
    bare = await told_to_its_owner(
        cluster,
        service,
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity"
        " AND a.attname = ANY($1::text[])",
        list(PERSONAL),
    )
    assert {row["relname"] for row in bare} - WITHOUT_REGION.keys() == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_planner_expects_rows_behind_the_wall(cluster: Cluster, service: str) -> None:
    """Or it would read and sort a whole register for a page (docs/decisions/0017)."""
    policies = await told_to_its_owner(
        cluster,
        service,
        "SELECT tablename, qual FROM pg_policies WHERE qual LIKE '%starts_with(%'",
    )
    assert policies
    assert [row["tablename"] for row in policies if not row["qual"].startswith("COALESCE(")] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_without_a_region_nothing_is_visible_and_the_wall_stands_for_the_app_role(
    cluster: Cluster, service: str
) -> None:
    connection = await asyncpg.connect(await cluster.database(service))
    try:
        role = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert role is not None
        assert not any(role.values())
        walled = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
        )
        for row in walled:
            assert await connection.fetchval(f'SELECT count(*) FROM "{row["relname"]}"') == 0
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
            " WHERE r.rolname = current_user"
        )
        assert owned == 0
    finally:
        await connection.close()
