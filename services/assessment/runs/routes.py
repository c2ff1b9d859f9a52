"""HTTP door of runs."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.auth import CanRead, CanWrite
from services.assessment.runs import handlers, queries
from services.assessment.runs.schemas import PublishedRunView, RunView
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["scorecards"], route_class=Route)


@router.get("/scorecard-runs", summary="Scorecards computed by themselves, period by period")
async def list_runs(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[RunView]:
    return await queries.list_runs(limit, cursor, tx)


@router.get("/scorecard-runs/{run_id}", summary="How far a run is")
async def get_run(run_id: UUID, actor: CanRead, tx: Transaction) -> RunView:
    return await queries.get_run(run_id, tx)


@router.post("/scorecard-runs/{run_id}/cancellation", summary="Stop a run")
async def cancel_run(run_id: UUID, actor: CanWrite, tx: Transaction) -> RunView:
    return await handlers.cancel_run(run_id, tx)


@router.post("/scorecard-runs/{run_id}/publication", summary="Publish all cards of a run")
async def publish_run(run_id: UUID, actor: CanWrite, tx: Transaction) -> PublishedRunView:
    return await handlers.publish_run(run_id, tx)
