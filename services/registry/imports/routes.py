"""HTTP door of imports."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response, UploadFile

from services.registry.auth import CanRead, CanWrite
from services.registry.imports import handlers, queries
from services.registry.imports.files import PART
from services.registry.imports.schemas import (
    AcceptedImport,
    ImportKind,
    ImportView,
    RejectFormat,
    RejectPage,
)
from services.registry.persons.schemas import PastDate
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction
from shared.sheets import XLSX_MEDIA

router = APIRouter(tags=["imports"], route_class=Route)


@router.post("/imports", status_code=202, summary="Import a roster")
async def accept_import(
    file: UploadFile,
    kind: Annotated[ImportKind, Form()],
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
    as_of: Annotated[PastDate | None, Form()] = None,
) -> AcceptedImport:
    view = await handlers.accept_import(kind, as_of, _parts(file), tx)
    response.headers["Location"] = f"/registry/v1/imports/{view.id}"
    return view


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while part := await file.read(PART):
        yield part


@router.get("/imports/{import_id}", summary="How far an import has come")
async def get_import(
    import_id: UUID, actor: CanRead, tx: Transaction, language: Language
) -> ImportView:
    return await queries.get_import(import_id, language, tx)


@router.get(
    "/imports/{import_id}/rejects",
    summary="Refused lines and why",
    response_model=RejectPage,
    description="A page of reasons; with format=csv or xlsx a file of at most 20,000 of the lines"
    " with the reason in Chinese beside each, for whoever may write and says why. The header"
    " Next-Cursor is the cursor of the next such file.",
    responses={200: {"content": {"text/csv": {}, XLSX_MEDIA: {}}}},
)
async def list_rejects(
    import_id: UUID,
    actor: CanRead,
    tx: Transaction,
    language: Language,
    format: RejectFormat = RejectFormat.JSON,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RejectPage | Response:
    if format is RejectFormat.JSON:
        return await queries.list_rejects(import_id, limit, cursor, language, tx)
    file = await queries.get_reject_file(import_id, format, cursor, tx)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    if file.next:
        headers["Next-Cursor"] = file.next
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.post("/imports/{import_id}/cancellation", summary="Call an import off")
async def cancel_import(import_id: UUID, actor: CanWrite, tx: Transaction) -> AcceptedImport:
    return await handlers.cancel_import(import_id, tx)


@router.post("/imports/{import_id}/retry", summary="Try a failed import again")
async def retry_import(import_id: UUID, actor: CanWrite, tx: Transaction) -> AcceptedImport:
    return await handlers.retry_import(import_id, tx)
