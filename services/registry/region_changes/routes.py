"""HTTP door of changes of the map."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.registry.auth import CanChangeRegions, CanRead, CanWrite
from services.registry.region_changes import handlers, queries
from services.registry.region_changes.rules import ChangeStatus
from services.registry.region_changes.schemas import (
    ChangeRegions,
    PlacedView,
    PlacePeople,
    RegionChangeSummary,
    RegionChangeView,
    RegionHistory,
    ReverseChange,
)
from services.registry.tasks import handlers as tasks
from services.registry.tasks.models import REGION_TASKS
from services.registry.tasks.queries import list_tasks
from services.registry.tasks.schemas import SettleTask, TaskView
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["regions"], route_class=Route)


@router.post("/region-changes", status_code=201, summary="Record a change of the map")
async def change_regions(
    command: ChangeRegions, actor: CanChangeRegions, tx: Transaction, response: Response
) -> RegionChangeView:
    view = await handlers.change_regions(command, tx)
    response.headers["Location"] = f"/registry/v1/region-changes/{view.id}"
    return view


@router.get("/region-changes", summary="Changes of the map")
async def list_region_changes(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    effective_from: Annotated[CalendarDay | None, Query(description="the first day")] = None,
    effective_until: Annotated[
        CalendarDay | None, Query(description="the day after the last")
    ] = None,
    status: ChangeStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RegionChangeSummary]:
    return await queries.list_changes(
        region, effective_from, effective_until, status, limit, cursor, tx
    )


@router.get("/region-changes/{change_id}", summary="A change of the map, and how far it has come")
async def get_region_change(change_id: UUID, actor: CanRead, tx: Transaction) -> RegionChangeView:
    return await queries.get_change(change_id, tx)


@router.post("/region-changes/{change_id}/cancellation", summary="Call off a change to come")
async def cancel_change(
    change_id: UUID, actor: CanChangeRegions, tx: Transaction
) -> RegionChangeView:
    return await handlers.cancel_change(change_id, tx)


@router.post("/region-changes/{change_id}/reversal", status_code=201, summary="Undo a wrong change")
async def reverse_change(
    change_id: UUID, command: ReverseChange, actor: CanChangeRegions, tx: Transaction
) -> RegionChangeView:
    return await handlers.reverse_change(command, change_id, tx)


@router.post(
    "/region-changes/{change_id}/placements", summary="Say where people of a split area belong"
)
async def place_people(
    change_id: UUID, command: PlacePeople, actor: CanWrite, tx: PersonalTransaction
) -> PlacedView:
    return await handlers.place_people(command, change_id, tx)


@router.get("/region-tasks", summary="Who and what a change of the map left to a clerk")
async def list_region_tasks(
    actor: CanRead,
    tx: PersonalTransaction,
    settled: bool = False,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskView]:
    return await list_tasks(
        REGION_TASKS, settled=settled, region=region, limit=limit, cursor=cursor, tx=tx
    )


@router.post("/region-tasks/{task_id}/settlement", summary="Settle a task of a change of the map")
async def settle_region_task(
    task_id: UUID, command: SettleTask, actor: CanWrite, tx: PersonalTransaction
) -> TaskView:
    return await tasks.settle_task(command, task_id, REGION_TASKS, tx)


@router.get("/regions/{code}/history", summary="What an area was, and what it became")
async def get_region_history(code: RegionCode, actor: CanRead, tx: Transaction) -> RegionHistory:
    return await queries.get_region_history(code, tx)
