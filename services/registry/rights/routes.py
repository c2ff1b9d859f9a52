"""HTTP door of a person's own record."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanActForSelf, CanReadOwn, CanWrite
from services.registry.rights import export, handlers, queries
from services.registry.rights.rules import RequestStatus
from services.registry.rights.schemas import (
    AskCorrection,
    AskErasure,
    CorrectionRequestView,
    DecideCorrection,
    ErasureRequestView,
    RecordExport,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/persons/{person_id}/export", summary="Everything held about a person, for herself")
async def export_record(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> RecordExport:
    response.headers["Cache-Control"] = "no-store"
    return await export.export_record(person_id, tx)


@router.post("/correction-requests", status_code=201, summary="Ask for a correction")
async def ask_correction(
    command: AskCorrection, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> CorrectionRequestView:
    view = await handlers.ask_correction(command, tx)
    response.headers["Location"] = f"/registry/v1/correction-requests/{view.id}"
    return view


@router.get("/correction-requests", summary="Requests for correction: an office's, or one's own")
async def list_corrections(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    status: RequestStatus | None = None,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CorrectionRequestView]:
    return await queries.list_corrections(status, region, limit, cursor, tx)


@router.get("/correction-requests/{request_id}", summary="Read a request for correction")
async def get_correction(
    request_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> CorrectionRequestView:
    return await queries.get_correction(request_id, tx)


@router.post("/correction-requests/{request_id}/decision", summary="Grant or refuse a correction")
async def decide_correction(
    request_id: UUID, command: DecideCorrection, actor: CanWrite, tx: PersonalTransaction
) -> CorrectionRequestView:
    return await handlers.decide_correction(command, request_id, tx)


@router.post("/erasure-requests", status_code=201, summary="Ask for erasure; answered with reasons")
async def ask_erasure(
    command: AskErasure, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> ErasureRequestView:
    view = await handlers.ask_erasure(command, tx)
    response.headers["Location"] = f"/registry/v1/erasure-requests/{view.id}"
    return view


@router.get("/erasure-requests/{request_id}", summary="Read a decision on erasure")
async def get_erasure(
    request_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ErasureRequestView:
    return await queries.get_erasure(request_id, tx)
