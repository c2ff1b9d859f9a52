"""HTTP door of improvement plans."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanRead, CanWrite
from services.assessment.improvement import handlers, queries
from services.assessment.improvement.models import PlanStatus
from services.assessment.improvement.schemas import (
    ClosePlan,
    FollowUp,
    MakePlan,
    PlanSummary,
    PlanView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["improvement plans"], route_class=Route)


@router.post("/improvement-plans", status_code=201, summary="Plan how a weak indicator improves")
async def make_plan(
    command: MakePlan, actor: CanWrite, tx: Transaction, response: Response
) -> PlanView:
    view = await handlers.make_plan(command, tx)
    response.headers["Location"] = f"/assessment/v1/improvement-plans/{view.id}"
    return view


@router.get("/improvement-plans", summary="Improvement plans")
async def list_plans(
    actor: CanRead,
    tx: Transaction,
    area: RegionCode | None = None,
    status: PlanStatus | None = None,
    scorecard_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PlanSummary]:
    return await queries.list_plans(area, status, scorecard_id, limit, cursor, tx)


@router.get("/improvement-plans/{plan_id}", summary="An improvement plan and what it brought")
async def get_plan(plan_id: UUID, actor: CanRead, tx: Transaction) -> PlanView:
    return await queries.get_plan(plan_id, tx)


@router.post(
    "/improvement-plans/{plan_id}/follow-ups", status_code=201, summary="Say how a plan goes"
)
async def follow_up(plan_id: UUID, command: FollowUp, actor: CanWrite, tx: Transaction) -> PlanView:
    return await handlers.follow_up(command, plan_id, tx)


@router.post("/improvement-plans/{plan_id}/closing", summary="Close a plan")
async def close_plan(
    plan_id: UUID, command: ClosePlan, actor: CanWrite, tx: Transaction
) -> PlanView:
    return await handlers.close_plan(command, plan_id, tx)
