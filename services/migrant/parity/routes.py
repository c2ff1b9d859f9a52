"""HTTP door of equal-service figures: data to compute with, or a picture to look at."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.migrant.auth import CanAdminister, CanReadHere
from services.migrant.parity import figures, handlers, queries
from services.migrant.parity.rules import PATTERN
from services.migrant.parity.schemas import (
    BudgetParityView,
    BudgetView,
    EnterBudget,
    EnterPopulation,
    EqualServiceView,
    Format,
    PopulationView,
)
from shared.codes import RegionCode
from shared.http import Language, Route, Transaction
from shared.sheets import CSV_MEDIA

router = APIRouter(tags=["equal service"], route_class=Route)

_SVG = "image/svg+xml"
_OTHER_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            _SVG: {"schema": {"type": "string"}},
        }
    }
}
Wanted = Annotated[Format, Query(alias="format", description="json, csv or svg")]
PeriodName = Annotated[str, Query(pattern=PATTERN, description="2026, 2026-Q1 or 2026-03")]
Year = Annotated[int, Query(ge=2000, le=2100)]


@router.get(
    "/equal-service",
    summary="How migrants and locals are served in an area and period",
    response_model=EqualServiceView,
    responses=_OTHER_FORMATS,
)
async def get_equal_service(
    period: PeriodName,
    actor: CanReadHere,
    language: Language,
    tx: Transaction,
    region: RegionCode | None = None,
    wanted: Wanted = Format.JSON,
) -> EqualServiceView | Response:
    view = await queries.get_equal_service(region, period, language, tx)
    match wanted:
        case Format.CSV:
            return Response(figures.equal_service_csv(view, language), media_type=CSV_MEDIA)
        case Format.SVG:
            return Response(figures.equal_service_chart(view, language), media_type=_SVG)
        case _:
            return view


@router.get(
    "/budget-parity",
    summary="What is spent a head on migrants and locals",
    response_model=BudgetParityView,
    responses=_OTHER_FORMATS,
)
async def get_budget_parity(
    year: Year,
    actor: CanReadHere,
    language: Language,
    tx: Transaction,
    region: RegionCode | None = None,
    wanted: Wanted = Format.JSON,
) -> BudgetParityView | Response:
    view = await queries.get_budget_parity(region, year, language, tx)
    match wanted:
        case Format.CSV:
            return Response(figures.budget_csv(view, language), media_type=CSV_MEDIA)
        case Format.SVG:
            return Response(figures.budget_chart(view, language), media_type=_SVG)
        case _:
            return view


@router.put("/population-counts", summary="Enter how many people of a kind an area has")
async def enter_population(
    command: EnterPopulation, actor: CanAdminister, tx: Transaction
) -> PopulationView:
    return await handlers.enter_population(command, tx)


@router.get("/population-counts", summary="The numbers of people that were entered")
async def list_populations(
    actor: CanReadHere, tx: Transaction, region: RegionCode | None = None
) -> Sequence[PopulationView]:
    return await queries.list_populations(region, tx)


@router.put("/service-budgets", summary="Enter what is spent in a year under a heading")
async def enter_budget(command: EnterBudget, actor: CanAdminister, tx: Transaction) -> BudgetView:
    return await handlers.enter_budget(command, tx)


@router.get("/service-budgets", summary="The amounts that were entered")
async def list_budgets(
    year: Year, actor: CanReadHere, tx: Transaction, region: RegionCode | None = None
) -> Sequence[BudgetView]:
    return await queries.list_budgets(region, year, tx)
