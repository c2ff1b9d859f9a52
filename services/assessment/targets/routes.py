"""HTTP door of annual targets."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from services.assessment.auth import CanDeclare, CanRead, Home
from services.assessment.output.schemas import ChartForm, Tongue
from services.assessment.targets import handlers, queries
from services.assessment.targets.charts import progress_chart
from services.assessment.targets.schemas import (
    ProgressView,
    ReviseTarget,
    SetTarget,
    TargetView,
)
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page
from shared.printing import png_of_svg

router = APIRouter(tags=["targets"], route_class=Route)

_PICTURES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
Year = Annotated[int, Path(ge=2020, le=2099)]


@router.post("/annual-targets", status_code=201, summary="Set and break down an annual target")
async def set_target(
    command: SetTarget, actor: CanDeclare, home: Home, tx: Transaction, response: Response
) -> TargetView:
    view = await handlers.set_target(command, home, tx)
    response.headers["Location"] = f"/assessment/v1/annual-targets/{view.code}/{view.year}"
    return view


@router.get("/annual-targets", summary="Annual targets, the latest edition of each")
async def list_targets(
    actor: CanRead,
    tx: Transaction,
    year: Annotated[int | None, Query(ge=2020, le=2099)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TargetView]:
    return await queries.list_targets(year, limit, cursor, tx)


@router.get("/annual-targets/{code}/{year}", summary="An annual target by office and month")
async def get_target(
    code: str,
    year: Year,
    actor: CanRead,
    home: Home,
    tx: Transaction,
    edition: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> TargetView:
    return await queries.get_target(code, year, edition, home, tx)


@router.post("/annual-targets/{code}/{year}/revision", summary="Revise an annual target")
async def revise_target(
    code: str, year: Year, command: ReviseTarget, actor: CanDeclare, home: Home, tx: Transaction
) -> TargetView:
    return await handlers.revise_target(command, code, year, home, tx)


@router.get(
    "/annual-targets/{code}/{year}/progress",
    summary="What was done against what was planned",
    response_model=ProgressView,
    responses=_PICTURES,
)
async def get_progress(
    code: str,
    year: Year,
    actor: CanRead,
    home: Home,
    tx: Transaction,
    form: Annotated[ChartForm, Query(alias="format")] = ChartForm.JSON,
    tongue: Annotated[Tongue, Query(alias="language")] = Tongue.ZH,
) -> ProgressView | Response:
    view = await queries.get_progress(code, year, home, tx)
    if form == ChartForm.JSON:
        return view
    svg = progress_chart(view, tongue)
    if form == ChartForm.SVG:
        return Response(svg, media_type="image/svg+xml")
    return Response(await png_of_svg(svg), media_type="image/png")
