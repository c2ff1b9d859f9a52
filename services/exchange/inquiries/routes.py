"""HTTP door of inquiries."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator

from services.exchange.auth import CanAdminister, CanRead, CanWrite
from services.exchange.inquiries import calendar, handlers, queries
from services.exchange.inquiries.catalogue import Kind, kinds
from services.exchange.inquiries.schemas import (
    Act,
    CalendarDayInput,
    CalendarDayView,
    InquirySummary,
    InquiryView,
    OpenInquiry,
)
from services.exchange.inquiries.states import Side, State, Verb
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
    side: Side | None = None,
    state: State | None = None,
    kind: Annotated[str | None, Query(max_length=60)] = None,
    overdue: bool = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[InquirySummary]:
    return await queries.list_inquiries(side, state, kind, overdue, limit, cursor, tx)


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


@router.get("/calendar-days", summary="Days that differ from the week's habit")
async def list_days(
    actor: CanRead, tx: Transaction, year: Annotated[int, Query(ge=2000, le=2100)]
) -> list[CalendarDayView]:
    return await calendar.list_days(year, tx)


def _in_use(day: date) -> date:
    if not 2000 <= day.year <= 2100:
        raise ValueError("日期应在 2000 至 2100 年之间 / a day from 2000 to 2100 is needed")
    return day


@router.put("/calendar-days/{day}", summary="Correct the calendar")
async def put_day(
    day: Annotated[date, AfterValidator(_in_use)],
    command: CalendarDayInput,
    actor: CanAdminister,
    tx: Transaction,
) -> CalendarDayView:
    return await calendar.put_day(command, day, tx)
