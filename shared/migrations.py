"""What the migrations of all services share: how alembic connects, the common tables, rights.

Roles: `yipan_<service>_owner` owns the tables and runs migrations; `yipan_<service>` is the
service itself, with the rights that `grant` names and never more.
"""

import asyncio
import re

from alembic import context, op
from sqlalchemy import MetaData, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from shared.tables import add_common_tables

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Of a prefix it does not know beforehand the planner expects that hardly a row begins with it, and
# would read and sort a whole register for each page. Nearly every row of a county's register lies
# in the county; of what it cannot look into, the planner expects every second.
_LIKELY = "coalesce({}, false)"


def run_migrations(metadata: MetaData) -> None:
    """Called by each services/<name>/migrations/env.py."""
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise ValueError("sqlalchemy.url is not set")
    asyncio.run(_run(url, metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(
        re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url), poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    connection.exec_driver_sql("SET lock_timeout = '5s'")
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def create_common_tables(service: str) -> None:
    """First step of each service's first migration (frozen: later changes are new steps)."""
    op.execute(
        "DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO yipan_"
        f"{service}', current_database()); END $$"
    )
    metadata = MetaData()
    add_common_tables(metadata)
    metadata.create_all(op.get_bind())
    grant(service, "outbox", "SELECT, INSERT, UPDATE, DELETE")
    grant(service, "inbox", "SELECT, INSERT, DELETE")
    grant(service, "dead_letters", "SELECT, INSERT, UPDATE")
    grant(service, "usage_entries", "SELECT, INSERT")  # append only: nobody edits who looked
    grant(service, "subject_aliases", "SELECT, INSERT, UPDATE")
    grant(service, "idempotency_keys", "SELECT, INSERT, UPDATE, DELETE")


def grant(service: str, table: str, rights: str) -> None:
    """Give the service's role rights on a table of its own, e.g. "SELECT, INSERT"."""
    if not _NAME.fullmatch(service) or not _NAME.fullmatch(table):
        raise ValueError("names have lower-case letters, digits and underscores")
    op.execute(f"GRANT {rights} ON {table} TO yipan_{service}")


def restrict_to_jurisdiction(table: str, *columns: str) -> None:
    """Row-level security: the service sees and writes a row only where one of `columns` (region
    codes) lies inside the region prefix of the transaction. Without a prefix it sees nothing."""
    region = "nullif(current_setting('yipan.region', true), '')"
    inside = " OR ".join(f"starts_with({column}, {region})" for column in columns)
    seen = _LIKELY.format(inside)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY jurisdiction ON {table} USING ({seen}) WITH CHECK ({inside})")


def restrict_through(table: str, column: str, parent: str) -> None:
    """Row-level security of a table whose rows belong to a row of `parent`: visible and writable
    exactly where the parent's row is."""
    belongs = f"EXISTS (SELECT FROM {parent} AS parent WHERE parent.id = {table}.{column})"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY jurisdiction ON {table} USING ({belongs}) WITH CHECK ({belongs})")


def expect_insiders() -> None:
    """Have the planner expect that rows lie in the jurisdiction, in every policy made before
    `restrict_to_jurisdiction` saw to it. What each policy lets through stays the same."""
    policies = op.get_bind().exec_driver_sql(
        "SELECT tablename, policyname, qual FROM pg_policies"
        " WHERE schemaname = 'public' AND qual LIKE '%starts_with(%'"
        " AND qual NOT ILIKE 'coalesce(%'"
    )
    for table, policy, inside in policies.fetchall():
        op.execute(f"ALTER POLICY {policy} ON {table} USING ({_LIKELY.format(inside)})")
