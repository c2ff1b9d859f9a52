"""Two reports of one birth at the same moment."""

import asyncio

from services.registry.vital.births import report_birth
from services.registry.vital.schemas import BirthReportView, ReportBirth
from shared.db import Database
from shared.testing import make_actor
from shared.usage import Purpose
from tests.registry.places import load_places
from tests.registry.vital_samples import make_birth


async def test_reports_that_come_at_once_see_each_other(database: Database) -> None:
    async with database.acquire() as connection:
        await load_places(connection)

    async def report(org: str) -> BirthReportView:
        actor = make_actor(org=org)
        async with database.transaction(actor, purpose=Purpose.REGISTRATION) as tx:
            return await report_birth(ReportBirth(**make_birth()), tx)

    views = await asyncio.gather(*(report(f"hospital-{n}") for n in range(4)))
    assert sorted(view.status for view in views) == ["folded", "folded", "folded", "reported"]
    (first,) = [view.id for view in views if view.status == "reported"]
    assert {view.folded_into for view in views} == {None, first}
