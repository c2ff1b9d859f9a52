"""The second wall: row-level security, the functions that cross it, and the declared tables."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from services.migrant.tables import metadata
from shared.ids import new_id
from tests.conftest import Cluster, TxFactory
from tests.migrant.samples import VILLAGE, clerk


async def test_every_table_that_names_a_person_is_restricted(cluster: Cluster) -> None:
    """merged_people is not among them: it pairs two ids and has no place to restrict by."""
    connection = await asyncpg.connect(await cluster.database("migrant"))
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT c.relname, c.relrowsecurity FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'"
            " WHERE c.relkind = 'r' AND (a.attname IN ('person_id', 'region')"
            " OR a.attname LIKE '%number_index')"
        )
    finally:
        await connection.close()
    assert {row["relname"] for row in rows} == {
        "appointment_waits", "claims", "received_claims", "claim_payment_lists",
        "held_claim_words", "received_claim_papers",
        "benefit_lists", "benefit_lines", "recorded_deaths",
        "account_codes", "account_links", "self_registrations", "stay_changes",
        "appointments", "arrivals", "certificate_checks", "certificates", "consents",
        "certificate_requests",
        "consent_refusals", "contact_choices",
        "help_companions", "conveners", "association_branches", "charters", "commitments",
        "employments", "erasures", "filings", "help_requests", "people", "referrals",
        "service_records",
    }  # fmt: skip
    assert all(row["relrowsecurity"] for row in rows)


async def test_nobody_is_brought_to_where_the_clerk_has_no_say(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(region="420325101")) as tx:
        savepoint = (await tx.begin()).transaction()
        await savepoint.start()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("SELECT bring_here($1, $2, current_date)", new_id(), VILLAGE)
        await savepoint.rollback()


async def test_migrations_and_models_agree(cluster: Cluster) -> None:
    await cluster.database("migrant")
    url = cluster.owner("migrant").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), metadata
            )
        )
    await engine.dispose()
    assert differences == []
