"""HTTP door of inquiries."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.exchange.auth import CanRead, CanWrite
from services.exchange.inquiries import handlers, queries
from services.exchange.inquiries.catalogue import Kind, kinds
from services.exchange.inquiries.desk_schemas import InquiryFilter
from services.exchange.inquiries.schemas import (
    Act,
    InquirySummary,
    InquiryView,
    OpenInquiry,
)
from services.exchange.inquiries.states import Verb
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["inquiries"], route_class=Route)


@router.get("/inquiry-kinds", summary="What may be asked and answered")
async def list_kinds(actor: CanRead) -> list[Kind]:
    return list(kinds().values())


@router.post("/inquiries", status_code=201, summary="Ask another county")
async def open_inquiry(
    command: OpenInquiry, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> InquiryView:
    view = await handlers.open_inquiry(command, tx)
    response.headers["Location"] = f"/exchange/v1/inquiries/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/inquiries", summary="Inquiries: asking is the outbox, asked the inbox")
async def list_inquiries(
    actor: CanRead,
    tx: Transaction,
    wanted: Annotated[InquiryFilter, Query()],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InquirySummary]:
    return await queries.list_inquiries(wanted, limit, cursor, tx)


@router.get("/inquiries/{inquiry_id}", summary="One inquiry with its steps")
async def get_inquiry(
    inquiry_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> InquiryView:
    view = await queries.get_inquiry(inquiry_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/inquiries/{inquiry_id}/{verb}", summary="Take a step")
async def act(
    inquiry_id: UUID,
    verb: Verb,
    command: Act,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> InquiryView:
    view = await handlers.act(verb, command, inquiry_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view
