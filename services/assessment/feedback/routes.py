"""HTTP door of weekly feedback."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanRead
from services.assessment.feedback import queries
from services.assessment.feedback.drawing import week_chart
from services.assessment.feedback.schemas import FeedbackView
from services.assessment.fields import Office
from services.assessment.output.routes import CHARTS, AsChart, In, picture
from services.assessment.output.schemas import ChartForm, Tongue
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["weekly feedback"], route_class=Route)


@router.get("/weekly-feedback", summary="What offices were told of their weeks")
async def list_feedback(
    actor: CanRead,
    tx: Transaction,
    area: RegionCode | None = None,
    office: Office | None = None,
    week: CalendarDay | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FeedbackView]:
    return await queries.list_feedback(area, office, week, limit, cursor, tx)


@router.get(
    "/weekly-feedback/{feedback_id}",
    summary="An office's week beside its last four",
    response_model=FeedbackView,
    responses=CHARTS,
)
async def get_feedback(
    feedback_id: UUID,
    actor: CanRead,
    tx: Transaction,
    form: AsChart = ChartForm.JSON,
    tongue: In = Tongue.ZH,
) -> FeedbackView | Response:
    view = await queries.get_feedback(feedback_id, tx)
    return view if form == ChartForm.JSON else await picture(week_chart(view, tongue), form)
