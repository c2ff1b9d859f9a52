"""HTTP door of blind zones."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from services.registry.auth import CanRead, CanWrite, CanWriteAtHome
from services.registry.blind_zones import handlers, queries
from services.registry.blind_zones.rules import ZoneKind, ZoneStatus
from services.registry.blind_zones.schemas import (
    AssignZone,
    CompletePhase,
    HandOverZone,
    ReportZone,
    ResponsibleOffice,
    ScanView,
    SettleZone,
    UndoStep,
    ZoneSummary,
    ZoneView,
)
from shared.codes import RegionCode
from shared.commands import CountyCode
from shared.http import Cursor, IfMatch, Limit, Route, Transaction, etag
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["blind zones"], route_class=Route)


@router.post("/blind-zones", status_code=201, summary="Report a blind zone")
async def report_zone(
    command: ReportZone, actor: CanWrite, tx: Transaction, response: Response
) -> ZoneView:
    view = await handlers.report_zone(command, tx)
    response.headers["Location"] = f"/registry/v1/blind-zones/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/blind-zones", summary="List blind zones")
async def list_zones(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    kind: ZoneKind | None = None,
    status: ZoneStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ZoneSummary]:
    return await queries.list_zones(region, kind, status, limit, cursor, tx)


@router.get("/blind-zones/{zone_id}", summary="Read a blind zone")
async def get_zone(zone_id: UUID, actor: CanRead, tx: Transaction, response: Response) -> ZoneView:
    view = await queries.get_zone(zone_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/blind-zone-scans", summary="Look for blind zones in one's own region")
async def scan_zones(actor: CanWriteAtHome, tx: Transaction) -> ScanView:
    return await handlers.scan_zones(tx)


@router.post("/blind-zones/{zone_id}/assignment", summary="Assign a caretaker")
async def assign_zone(
    zone_id: UUID, command: AssignZone, version: IfMatch, actor: CanWrite, tx: Transaction
) -> ZoneView:
    return await handlers.assign_zone(command, zone_id, version, tx)


@router.post("/blind-zones/{zone_id}/handover", summary="Begin to hand over a blind zone")
async def hand_over_zone(
    zone_id: UUID, command: HandOverZone, version: IfMatch, actor: CanWrite, tx: Transaction
) -> ZoneView:
    return await handlers.hand_over_zone(command, zone_id, version, tx)


@router.post("/blind-zones/{zone_id}/phases/{number}/completion", summary="A duty is handed over")
async def complete_phase(
    zone_id: UUID,
    number: Annotated[int, Path(ge=1, le=20)],
    command: CompletePhase,
    version: IfMatch,
    actor: CanWrite,
    tx: Transaction,
) -> ZoneView:
    return await handlers.complete_phase(command, zone_id, number, version, tx)


@router.post("/blind-zones/{zone_id}/settlement", summary="Close a blind zone")
async def settle_zone(
    zone_id: UUID, command: SettleZone, version: IfMatch, actor: CanWrite, tx: Transaction
) -> ZoneView:
    return await handlers.settle_zone(command, zone_id, version, tx)


@router.post("/blind-zones/{zone_id}/undo", summary="Take back the last decision")
async def undo_step(
    zone_id: UUID, command: UndoStep, version: IfMatch, actor: CanWrite, tx: Transaction
) -> ZoneView:
    return await handlers.undo_step(command, zone_id, version, tx)


@router.get("/responsible-office", summary="Who answers for a place on a day")
async def get_responsible_office(
    actor: CanRead,
    tx: Transaction,
    region: CountyCode,
    estate: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
    on: CalendarDay | None = None,
) -> ResponsibleOffice:
    return await queries.get_responsible_office(region, estate, on, tx)
