"""HTTP door of signs of manufactured figures."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanRead, CanWrite
from services.assessment.output.routes import CHARTS, AsChart, In, picture
from services.assessment.output.schemas import ChartForm, Tongue
from services.assessment.periods import MonthText, parse_period
from services.assessment.signs import handlers, queries
from services.assessment.signs.drawing import sign_chart
from services.assessment.signs.schemas import AnswerSign, SearchView, SignView
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["signs"], route_class=Route)


@router.get("/signs", summary="Questions about figures that look manufactured")
async def list_signs(
    actor: CanRead,
    tx: Transaction,
    area: RegionCode | None = None,
    month: MonthText | None = None,
    unanswered: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SignView]:
    first = parse_period(month).start if month else None
    return await queries.list_signs(area, first, unanswered, limit, cursor, tx)


@router.get("/sign-searches", summary="Which months were looked at, and how many tests were made")
async def list_searches(actor: CanRead, tx: Transaction) -> list[SearchView]:
    return await queries.list_searches(tx)


@router.get(
    "/signs/{sign_id}",
    summary="A question, with its figure",
    response_model=SignView,
    responses=CHARTS,
)
async def get_sign(
    sign_id: UUID,
    actor: CanRead,
    tx: Transaction,
    form: AsChart = ChartForm.JSON,
    tongue: In = Tongue.ZH,
) -> SignView | Response:
    view = queries.view_of(await queries.require_sign(sign_id, tx), tx)
    return view if form == ChartForm.JSON else await picture(sign_chart(view, tongue), form)


@router.post("/signs/{sign_id}/answer", summary="Say why the figures are as they are")
async def answer_sign(
    sign_id: UUID, command: AnswerSign, actor: CanWrite, tx: Transaction
) -> SignView:
    return await handlers.answer_sign(command, sign_id, tx)
