"""HTTP door of exports."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.registry.auth import CanWrite
from services.registry.exports import handlers, queries
from services.registry.exports.schemas import ExportFormat, ExportView, StartExport
from shared.http import PersonalTransaction, Route, Transaction
from shared.sheets import CSV_MEDIA, XLSX_MEDIA

router = APIRouter(tags=["exports"], route_class=Route)
_MEDIA = {ExportFormat.CSV: CSV_MEDIA, ExportFormat.XLSX: XLSX_MEDIA}


@router.post("/exports", status_code=202, summary="Have a file drawn up")
async def start_export(
    command: StartExport, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> ExportView:
    view = await handlers.start_export(command, tx)
    response.headers["Location"] = f"/registry/v1/exports/{view.id}"
    return view


@router.get("/exports/{export_id}", summary="How far an export has come")
async def get_export(export_id: UUID, actor: CanWrite, tx: Transaction) -> ExportView:
    return await queries.get_export(export_id, tx)


@router.get(
    "/exports/{export_id}/file",
    summary="The file, for whoever asked for it",
    response_class=StreamingResponse,
)
async def get_export_file(
    export_id: UUID, actor: CanWrite, tx: PersonalTransaction, request: Request
) -> StreamingResponse:
    export = await queries.finished_export(export_id, tx)
    pieces = queries.file_of(export, actor, request.app.state.database)
    name = f"{export.what}-{export.region}.{export.format}"
    return StreamingResponse(
        pieces,
        media_type=_MEDIA[ExportFormat(export.format)],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/exports/{export_id}/cancellation", summary="Call an export off, or delete its file")
async def cancel_export(export_id: UUID, actor: CanWrite, tx: Transaction) -> ExportView:
    return await handlers.cancel_export(export_id, tx)
