"""HTTP door of tasks."""

from uuid import UUID

from fastapi import APIRouter

from services.registry.auth import CanRead, CanWrite
from services.registry.tasks import handlers, queries
from services.registry.tasks.models import HOUSEHOLD_UPDATES, MISMATCHES
from services.registry.tasks.schemas import SettleTask, TaskView
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["tasks"], route_class=Route)


@router.get("/household-updates", summary="Households that changed elsewhere")
async def list_household_updates(
    actor: CanRead,
    tx: PersonalTransaction,
    settled: bool = False,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskView]:
    return await queries.list_tasks(
        HOUSEHOLD_UPDATES, settled=settled, region=region, limit=limit, cursor=cursor, tx=tx
    )


@router.post("/household-updates/{task_id}/settlement", summary="Settle a household update")
async def settle_household_update(
    task_id: UUID, command: SettleTask, actor: CanWrite, tx: PersonalTransaction
) -> TaskView:
    return await handlers.settle_task(command, task_id, HOUSEHOLD_UPDATES, tx)


@router.get("/mismatches", summary="Events that contradict the register")
async def list_mismatches(
    actor: CanRead,
    tx: PersonalTransaction,
    settled: bool = False,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskView]:
    return await queries.list_tasks(
        MISMATCHES, settled=settled, region=region, limit=limit, cursor=cursor, tx=tx
    )


@router.post("/mismatches/{task_id}/settlement", summary="Settle a mismatch")
async def settle_mismatch(
    task_id: UUID, command: SettleTask, actor: CanWrite, tx: PersonalTransaction
) -> TaskView:
    return await handlers.settle_task(command, task_id, MISMATCHES, tx)
