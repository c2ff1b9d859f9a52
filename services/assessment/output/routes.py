"""HTTP door of what is shown: as data, on paper, in a workbook, as a picture."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.assessment.auth import CanRead, ComparedWeight
from services.assessment.fields import Office, Slug
from services.assessment.indicators.schemas import Level
from services.assessment.output import queries
from services.assessment.output.charts import comparison_chart, losses_chart, trend_chart
from services.assessment.output.paper import paper_of
from services.assessment.output.schemas import (
    CardForm,
    CardView,
    ChartForm,
    ComparisonView,
    ExplanationView,
    Tongue,
    TrendView,
)
from services.assessment.output.sheets import card_workbook
from services.assessment.periods import PeriodText
from shared.codes import RegionCode
from shared.http import Route, Transaction
from shared.printing import pdf_of, png_of, png_of_svg
from shared.sheets import XLSX_MEDIA

router = APIRouter(tags=["output"], route_class=Route)

_TEMPLATE = Path(__file__).with_name("card.typ")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_PICTURES: dict[str, Any] = {"image/svg+xml": {"schema": {"type": "string"}}, "image/png": _BINARY}
CHARTS: dict[int | str, dict[str, Any]] = {200: {"content": _PICTURES}}
_CARDS: dict[int | str, dict[str, Any]] = {
    200: {"content": _PICTURES | {"application/pdf": _BINARY, XLSX_MEDIA: _BINARY}}
}
AsChart = Annotated[ChartForm, Query(alias="format", description="json, svg or png")]
AsCard = Annotated[CardForm, Query(alias="format", description="json, pdf, png, svg or xlsx")]
In = Annotated[Tongue, Query(alias="language", description="of a picture, paper or workbook")]


@router.get(
    "/scorecards/{scorecard_id}/card",
    summary="A scorecard to read, print or compute with",
    response_model=CardView,
    responses=_CARDS,
)
async def get_card(
    scorecard_id: UUID,
    actor: CanRead,
    tx: Transaction,
    form: AsCard = CardForm.JSON,
    tongue: In = Tongue.ZH,
) -> CardView | Response:
    card = await queries.get_card(scorecard_id, tx)
    match form:
        case CardForm.PDF:
            return Response(
                await pdf_of(_TEMPLATE, paper_of(card, tongue)), media_type="application/pdf"
            )
        case CardForm.PNG:
            return Response(
                await png_of(_TEMPLATE, paper_of(card, tongue), dpi=144), media_type="image/png"
            )
        case CardForm.SVG:
            return Response(losses_chart(card, tongue), media_type="image/svg+xml")
        case CardForm.XLSX:
            return Response(card_workbook(card, tongue), media_type=XLSX_MEDIA)
        case _:
            return card


@router.get(
    "/scorecard-trends",
    summary="A score or an indicator from period to period",
    response_model=TrendView,
    responses=CHARTS,
)
async def get_trend(
    area: RegionCode,
    actor: CanRead,
    tx: Transaction,
    first: Annotated[PeriodText | None, Query(alias="from")] = None,
    last: Annotated[PeriodText | None, Query(alias="to")] = None,
    indicator: Slug | None = None,
    scheme: Slug | None = None,
    office: Office | None = None,
    form: AsChart = ChartForm.JSON,
    tongue: In = Tongue.ZH,
) -> TrendView | Response:
    view = await queries.get_trend(area, office, indicator, scheme, first, last, tx)
    return view if form == ChartForm.JSON else await picture(trend_chart(view, tongue), form)


@router.get(
    "/scorecard-comparisons",
    summary="Comparable areas beside each other",
    response_model=ComparisonView,
    responses=CHARTS,
)
async def get_comparison(
    period: PeriodText,
    scheme: Slug,
    actor: CanRead,
    least: ComparedWeight,
    tx: Transaction,
    level: Level = Level.TOWNSHIP,
    form: AsChart = ChartForm.JSON,
    tongue: In = Tongue.ZH,
) -> ComparisonView | Response:
    view = await queries.get_comparison(scheme, period, level, least, tx)
    return view if form == ChartForm.JSON else await picture(comparison_chart(view, tongue), form)


@router.get("/indicators/{code}/explanation", summary="An indicator in words and as a formula")
async def get_explanation(
    code: str,
    actor: CanRead,
    tx: Transaction,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> ExplanationView:
    return await queries.get_explanation(code, version, tx)


async def picture(svg: str, form: ChartForm) -> Response:
    """A drawing as SVG or PNG."""
    if form == ChartForm.SVG:
        return Response(svg, media_type="image/svg+xml")
    return Response(await png_of_svg(svg), media_type="image/png")
