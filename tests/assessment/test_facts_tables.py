"""The declared tables are those that the migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from services.assessment.tables import metadata
from tests.conftest import Cluster


async def test_migrations_and_models_agree(cluster: Cluster) -> None:
    await cluster.database("assessment")
    url = cluster.owner("assessment").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), metadata
            )
        )
    await engine.dispose()
    assert differences == []
