"""HTTP door of a person's own record."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanActForSelf, CanReadOwn, CanWrite
from services.registry.rights import appeals, export, handlers, queries
from services.registry.rights.printed import TEMPLATE, pages_of
from services.registry.rights.rules import AppealStatus, RequestStatus
from services.registry.rights.schemas import (
    AppealCorrection,
    AppealView,
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
from shared.printing import pdf_of

router = APIRouter(tags=["own record"], route_class=Route)


@router.get("/persons/{person_id}/export", summary="Everything held about a person, for herself")
async def export_record(
    person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction, response: Response
) -> RecordExport:
    response.headers["Cache-Control"] = "no-store"
    return await export.export_record(person_id, tx)


@router.get(
    "/persons/{person_id}/export.pdf",
    summary="The same, to print",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_record(person_id: UUID, actor: CanActForSelf, tx: PersonalTransaction) -> Response:
    pages = pages_of(await export.export_record(person_id, tx))
    return Response(
        await pdf_of(TEMPLATE, pages),
        media_type="application/pdf",
        headers={"Cache-Control": "no-store"},
    )


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


@router.post(
    "/correction-requests/{request_id}/appeal", status_code=201, summary="Appeal against a refusal"
)
async def appeal_correction(
    request_id: UUID,
    command: AppealCorrection,
    actor: CanActForSelf,
    tx: PersonalTransaction,
    response: Response,
) -> AppealView:
    view = await appeals.appeal_correction(command, request_id, tx)
    response.headers["Location"] = f"/registry/v1/correction-appeals/{view.id}"
    return view


@router.get("/correction-appeals", summary="Appeals: an office's, or one's own")
async def list_appeals(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    status: AppealStatus | None = None,
    overdue: bool = False,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AppealView]:
    return await queries.list_appeals(status, overdue, region, limit, cursor, tx)


@router.get("/correction-appeals/{appeal_id}", summary="Read an appeal")
async def get_appeal(appeal_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> AppealView:
    return await queries.get_appeal(appeal_id, tx)


@router.post("/correction-appeals/{appeal_id}/decision", summary="Grant an appeal, or uphold")
async def decide_appeal(
    appeal_id: UUID, command: DecideCorrection, actor: CanWrite, tx: PersonalTransaction
) -> AppealView:
    return await appeals.decide_appeal(command, appeal_id, tx)


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
