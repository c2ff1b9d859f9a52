"""HTTP door of work units."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.work_units import handlers, queries
from services.registry.work_units.models import UnitKind
from services.registry.work_units.rules import Tier
from services.registry.work_units.schemas import (
    CorrectWorkUnit,
    RecordSize,
    RegisterWorkUnit,
    RegisterWorkUnits,
    SizeView,
    UnitBatchView,
    WorkerView,
    WorkUnitView,
)
from shared.codes import CreditCode, RegionCode
from shared.http import (
    Cursor,
    IfMatch,
    Language,
    Limit,
    PersonalTransaction,
    Route,
    Transaction,
    etag,
)
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["work units"], route_class=Route)


@router.post("/work-units", status_code=201, summary="Register a work unit")
async def register_work_unit(
    command: RegisterWorkUnit, actor: CanWrite, tx: Transaction, response: Response
) -> WorkUnitView:
    view = await handlers.register_work_unit(command, tx)
    response.headers["Location"] = f"/registry/v1/work-units/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/work-units/batch", summary="Register many work units")
async def register_work_units(
    command: RegisterWorkUnits, actor: CanWrite, tx: Transaction, language: Language
) -> UnitBatchView:
    return await handlers.register_work_units(command, tx, language)


@router.get("/work-units", summary="List work units")
async def list_work_units(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    tier: Tier | None = None,
    kind: UnitKind | None = None,
    credit_code: CreditCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorkUnitView]:
    return await queries.list_work_units(region, tier, kind, credit_code, limit, cursor, tx)


@router.get("/work-units/{work_unit_id}", summary="Read a work unit")
async def get_work_unit(
    work_unit_id: UUID, actor: CanRead, tx: Transaction, response: Response
) -> WorkUnitView:
    view = await queries.get_work_unit(work_unit_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/work-units/{work_unit_id}", summary="Correct or close a work unit")
async def correct_work_unit(
    work_unit_id: UUID,
    command: CorrectWorkUnit,
    version: IfMatch,
    actor: CanWrite,
    tx: Transaction,
    response: Response,
) -> WorkUnitView:
    view = await handlers.correct_work_unit(command, work_unit_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/work-units/{work_unit_id}/sizes", summary="Say how many people a unit has")
async def record_size(
    work_unit_id: UUID, command: RecordSize, actor: CanWrite, tx: Transaction
) -> WorkUnitView:
    return await handlers.record_size(command, work_unit_id, tx)


@router.get("/work-units/{work_unit_id}/sizes", summary="How large a unit was over time")
async def list_sizes(work_unit_id: UUID, actor: CanRead, tx: Transaction) -> Sequence[SizeView]:
    return await queries.list_sizes(work_unit_id, tx)


@router.get("/work-units/{work_unit_id}/workers", summary="Who works at a unit, now or on a day")
async def list_workers(
    work_unit_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    on: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorkerView]:
    return await queries.list_workers(work_unit_id, on, limit, cursor, tx)
