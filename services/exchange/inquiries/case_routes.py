"""HTTP door of cases of several parties."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.exchange.auth import CanRead, CanWrite
from services.exchange.inquiries import cases
from services.exchange.inquiries.case_schemas import CaseSummary, CaseView, OpenCase
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["inquiries"], route_class=Route)


@router.post("/inquiry-cases", status_code=201, summary="Ask home, residence and employer at once")
async def open_case(
    command: OpenCase, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> CaseView:
    view = await cases.open_case(command, tx)
    response.headers["Location"] = f"/exchange/v1/inquiry-cases/{view.id}"
    return view


@router.get("/inquiry-cases", summary="Cases of several parties")
async def list_cases(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[CaseSummary]:
    return await cases.list_cases(limit, cursor, tx)


@router.get("/inquiry-cases/{case_id}", summary="A case with its parts side by side")
async def get_case(case_id: UUID, actor: CanRead, tx: PersonalTransaction) -> CaseView:
    return await cases.get_case(case_id, tx)
