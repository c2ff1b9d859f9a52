"""HTTP door of spot checks."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanOversee, CanRead, CanWrite, Home
from services.assessment.output.routes import CHARTS, AsChart, In, picture
from services.assessment.output.schemas import ChartForm, Tongue
from services.assessment.spot_checks import handlers, queries
from services.assessment.spot_checks.drawing import interval_chart
from services.assessment.spot_checks.models import CheckState
from services.assessment.spot_checks.schemas import (
    EnterResult,
    ListCases,
    ListView,
    PlanSpotCheck,
    SpotCheckSummary,
    SpotCheckView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["spot checks"], route_class=Route)


@router.post("/spot-checks", status_code=201, summary="Plan to look at a sample of cases")
async def plan_check(
    command: PlanSpotCheck, actor: CanOversee, home: Home, tx: Transaction, response: Response
) -> SpotCheckView:
    view = await handlers.plan_check(command, home, tx)
    response.headers["Location"] = f"/assessment/v1/spot-checks/{view.id}"
    return view


@router.get("/spot-checks", summary="Spot checks")
async def list_checks(
    actor: CanRead,
    tx: Transaction,
    area: RegionCode | None = None,
    state: CheckState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SpotCheckSummary]:
    return await queries.list_checks(area, state, limit, cursor, tx)


@router.get(
    "/spot-checks/{check_id}",
    summary="A spot check, its sample and what was found",
    response_model=SpotCheckView,
    responses=CHARTS,
)
async def get_check(
    check_id: UUID,
    actor: CanRead,
    tx: Transaction,
    form: AsChart = ChartForm.JSON,
    tongue: In = Tongue.ZH,
) -> SpotCheckView | Response:
    view = await queries.get_check(check_id, tx)
    return view if form == ChartForm.JSON else await picture(interval_chart(view, tongue), form)


@router.put("/spot-checks/{check_id}/list", summary="Hand in the list of all cases")
async def list_cases(
    check_id: UUID, command: ListCases, actor: CanWrite, tx: Transaction
) -> SpotCheckView:
    return await handlers.list_cases(command, check_id, tx)


@router.get("/spot-checks/{check_id}/list", summary="The list that the sample is drawn from")
async def get_list(check_id: UUID, actor: CanRead, tx: Transaction) -> ListView:
    return await queries.get_list(check_id, tx)


@router.post("/spot-checks/{check_id}/draw", summary="Reveal the secret and draw the sample")
async def draw_sample(check_id: UUID, actor: CanOversee, tx: Transaction) -> SpotCheckView:
    return await handlers.draw_sample(check_id, tx)


@router.post("/spot-checks/{check_id}/results", summary="Enter what was found of a case")
async def enter_result(
    check_id: UUID, command: EnterResult, actor: CanOversee, tx: Transaction
) -> SpotCheckView:
    return await handlers.enter_result(command, check_id, tx)


@router.post("/spot-checks/{check_id}/finish", summary="Let the result stand")
async def finish_check(check_id: UUID, actor: CanOversee, tx: Transaction) -> SpotCheckView:
    return await handlers.finish_check(check_id, tx)


@router.delete("/spot-checks/{check_id}", summary="Call off what was not drawn yet")
async def call_off(check_id: UUID, actor: CanOversee, tx: Transaction) -> SpotCheckView:
    return await handlers.call_off(check_id, tx)
