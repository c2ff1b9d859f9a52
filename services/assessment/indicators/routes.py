"""HTTP door of indicators."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.assessment.auth import CanDeclare, CanRead, Home
from services.assessment.fields import Office
from services.assessment.indicators import handlers, lines, queries
from services.assessment.indicators.schemas import (
    DeclareIndicator,
    IndicatorView,
    LinesView,
    ValueView,
)
from services.assessment.periods import PeriodText, parse_period
from shared.codes import RegionCode
from shared.commands import CountyCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["indicators"], route_class=Route)


@router.get("/indicators", summary="Indicators, the latest version of each")
async def list_indicators(
    actor: CanRead,
    tx: Transaction,
    scored: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[IndicatorView]:
    return await queries.list_indicators(scored, limit, cursor, tx)


@router.post("/indicators", status_code=201, summary="Declare an indicator or a new version")
async def declare_indicator(
    command: DeclareIndicator, actor: CanDeclare, tx: Transaction, response: Response
) -> IndicatorView:
    view = await handlers.declare_indicator(command, tx)
    response.headers["Location"] = f"/assessment/v1/indicators/{view.code}"
    return view


@router.get("/indicators/{code}", summary="An indicator, explained")
async def get_indicator(
    code: str,
    actor: CanRead,
    tx: Transaction,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> IndicatorView:
    return await queries.get_indicator(code, version, tx)


@router.get("/indicators/{code}/value", summary="An indicator's value in an area and period")
async def get_value(
    code: str,
    period: PeriodText,
    area: RegionCode,
    actor: CanRead,
    home: Home,
    tx: Transaction,
    office: Office | None = None,
) -> ValueView:
    return await queries.get_value(code, parse_period(period), area, office, home, tx)


@router.get("/indicators/{code}/lines", summary="An indicator by unit and by community")
async def get_lines(
    code: str, period: PeriodText, area: CountyCode, actor: CanRead, home: Home, tx: Transaction
) -> LinesView:
    return await lines.get_lines(code, parse_period(period), area, home, tx)
