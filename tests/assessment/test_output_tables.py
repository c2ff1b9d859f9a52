"""The tables of plans and runs: as declared, and behind the second wall."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from services.assessment.improvement.models import ImprovementPlan, PlanFollowUp, PlanMeasure
from services.assessment.runs.models import ScorecardRun
from services.assessment.tables import metadata
from tests.conftest import Cluster

OURS = {
    str(each.__tablename__) for each in (ImprovementPlan, PlanFollowUp, PlanMeasure, ScorecardRun)
}


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [str(each) for each in compare_metadata(context, metadata)]


async def test_the_migration_makes_what_the_models_say(cluster: Cluster) -> None:
    await cluster.database("assessment")
    url = cluster.owner("assessment").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(_differences)
        walled = await connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'"
        )
        names = {row[0] for row in walled}
    await engine.dispose()
    assert [each for each in found if any(name in each for name in OURS)] == []
    assert names >= OURS
