"""Reading runs."""

from uuid import UUID

from services.assessment.errors import RunNotFound
from services.assessment.runs.models import RunStatus, ScorecardRun
from services.assessment.runs.schemas import RunView
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in


async def list_runs(limit: int, cursor: str | None, tx: Tx) -> Page[RunView]:
    """Newest first."""
    found = await tx.find(
        ScorecardRun,
        "SELECT * FROM scorecard_runs WHERE starts_with(observer, $1)"
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        tx.actor.region,
        id_in(cursor),
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    return Page(
        items=[view_of(each) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_run(run_id: UUID, tx: Tx) -> RunView:
    """Raises RunNotFound, also for another county's."""
    run = await tx.get(ScorecardRun, run_id)
    if run is None:
        raise RunNotFound()
    return view_of(run)


def view_of(run: ScorecardRun) -> RunView:
    return RunView(
        **run.model_dump(exclude={"observer", "due", "status"}),
        status=RunStatus(run.status),
        total=len(run.due),
    )
