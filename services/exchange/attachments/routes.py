"""HTTP doors of attachments: the desk's, and the peers' (signed requests, no token)."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Response, UploadFile

from services.exchange.attachments import handlers, queries
from services.exchange.attachments.fetching import HEADER
from services.exchange.attachments.rules import Catalogue, catalogue
from services.exchange.attachments.schemas import AttachmentView
from services.exchange.attachments.serving import Caller, serve_piece
from services.exchange.auth import CanRead, CanWrite
from services.exchange.messages.wire import WIRE_ERRORS, WireRoute
from services.exchange.participants.shown import ShownCertificate
from shared.http import PersonalTransaction, PublicTransaction, Route

router = APIRouter(tags=["attachments"], route_class=Route)
peers = APIRouter(
    prefix="/exchange/dci/registry", tags=["peers"], route_class=WireRoute, responses=WIRE_ERRORS
)

_UNSHOWN = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
}


@router.get("/attachment-types", summary="Which files may be attached")
async def list_types(actor: CanRead) -> Catalogue:
    return catalogue()


@router.post("/attachments", status_code=201, summary="Upload a file for a question or answer")
async def upload_attachment(
    file: UploadFile, actor: CanWrite, tx: PersonalTransaction
) -> AttachmentView:
    return await handlers.upload_attachment(file.filename, file.file, tx)


@router.get("/attachments", summary="The files of an inquiry")
async def list_attachments(
    inquiry_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[AttachmentView]:
    return await queries.list_attachments(inquiry_id, tx)


@router.get("/attachments/{attachment_id}", summary="A file and how far it is")
async def get_attachment(
    attachment_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> AttachmentView:
    return await queries.get_attachment(attachment_id, tx)


@router.get(
    "/attachments/{attachment_id}/content", summary="The file itself", response_class=Response
)
async def read_attachment(attachment_id: UUID, actor: CanRead, tx: PersonalTransaction) -> Response:
    content, view = await queries.read_attachment(attachment_id, tx)
    name = quote(view.name or str(view.id))
    disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=view.media_type, headers=_UNSHOWN | disposition)


@router.post("/attachments/{attachment_id}/fetching", summary="Fetch what could not be got anew")
async def fetch_again(
    attachment_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> AttachmentView:
    return await handlers.fetch_again(attachment_id, tx)


@peers.get(
    "/attachments/{attachment_id}",
    status_code=206,
    summary="A peer fetches what it was told of (signed request)",
    response_class=Response,
)
async def serve_attachment(
    attachment_id: UUID,
    shown: ShownCertificate,
    tx: PublicTransaction,
    request: Annotated[str | None, Header(alias=HEADER, max_length=4000)] = None,
    wanted: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
) -> Response:
    piece = await serve_piece(attachment_id, Caller(request, shown), wanted, tx)
    last = piece.start + len(piece.content) - 1
    headers = _UNSHOWN | {"Content-Range": f"bytes {piece.start}-{last}/{piece.size}"}
    return Response(piece.content, 206, headers, "application/octet-stream")
