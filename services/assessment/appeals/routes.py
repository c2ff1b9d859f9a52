"""HTTP door of appeals."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.appeals import handlers, queries
from services.assessment.appeals.models import AppealStatus
from services.assessment.appeals.schemas import AppealView, DecideAppeal, FileAppeal
from services.assessment.auth import CanDecide, CanRead, CanWrite
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["appeals"], route_class=Route)


@router.post("/appeals", status_code=201, summary="Appeal against a published scorecard")
async def file_appeal(
    command: FileAppeal, actor: CanWrite, tx: Transaction, response: Response
) -> AppealView:
    view = await handlers.file_appeal(command, tx)
    response.headers["Location"] = f"/assessment/v1/appeals/{view.id}"
    return view


@router.get("/appeals", summary="Appeals")
async def list_appeals(
    actor: CanRead,
    tx: Transaction,
    scorecard_id: UUID | None = None,
    status: AppealStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AppealView]:
    return await queries.list_appeals(scorecard_id, status, limit, cursor, tx)


@router.get("/appeals/{appeal_id}", summary="An appeal")
async def get_appeal(appeal_id: UUID, actor: CanRead, tx: Transaction) -> AppealView:
    return await queries.get_appeal(appeal_id, tx)


@router.post("/appeals/{appeal_id}/decision", summary="Decide an appeal")
async def decide_appeal(
    appeal_id: UUID, command: DecideAppeal, actor: CanDecide, tx: Transaction
) -> AppealView:
    return await handlers.decide_appeal(command, appeal_id, tx)
