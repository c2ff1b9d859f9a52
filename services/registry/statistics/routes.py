"""HTTP door of statistics. One table each, as data to compute with or a picture to look at."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.registry.auth import CanRead
from services.registry.statistics import charts, queries, tables
from services.registry.statistics.schemas import (
    Base,
    BirthCountsView,
    Format,
    LiaisonLoadsView,
    MigrantOriginsView,
    PopulationBridgesView,
    PopulationBridgeView,
    PyramidView,
)
from shared.codes import RegionCode
from shared.http import Route, Transaction
from shared.printing import png_of_svg
from shared.sheets import XLSX_MEDIA
from shared.text import CalendarDay

View = TypeVar("View", bound=BaseModel)

router = APIRouter(tags=["statistics"], route_class=Route)

_OTHER_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            XLSX_MEDIA: {"schema": {"type": "string", "format": "binary"}},
            "image/svg+xml": {"schema": {"type": "string"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
Wanted = Annotated[Format, Query(alias="format", description="json, csv, xlsx, svg or png")]


@router.get("/population-bridge", summary="The population bridge of a region")
async def get_population_bridge(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None, on: CalendarDay | None = None
) -> PopulationBridgeView:
    return await queries.get_population_bridge(region, on, tx)


@router.get(
    "/population-bridges",
    summary="The population bridge of a region and of each area in it",
    response_model=PopulationBridgesView,
    responses=_OTHER_FORMATS,
)
async def get_population_bridges(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    on: CalendarDay | None = None,
    wanted: Wanted = Format.JSON,
) -> PopulationBridgesView | Response:
    view = await queries.get_population_bridges(region, on, tx)
    return await _as(
        wanted, view, lambda: tables.bridges_table(view), lambda: charts.bridges_chart(view)
    )


@router.get(
    "/population-pyramid",
    summary="The people of a region by age and sex",
    response_model=PyramidView,
    responses=_OTHER_FORMATS,
)
async def get_pyramid(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    on: CalendarDay | None = None,
    base: Base = Base.RESIDENTS,
    wanted: Wanted = Format.JSON,
) -> PyramidView | Response:
    view = await queries.get_pyramid(region, on, base, tx)
    name = await queries.name_of(view.region, view.on, tx)
    return await _as(
        wanted, view, lambda: tables.pyramid_table(view), lambda: charts.pyramid_chart(view, name)
    )


@router.get(
    "/migrant-origins",
    summary="The migrants of a region by province of origin",
    response_model=MigrantOriginsView,
    responses=_OTHER_FORMATS,
)
async def get_migrant_origins(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    on: CalendarDay | None = None,
    wanted: Wanted = Format.JSON,
) -> MigrantOriginsView | Response:
    view = await queries.get_migrant_origins(region, on, tx)
    name = await queries.name_of(view.region, view.on, tx)
    return await _as(
        wanted, view, lambda: tables.origins_table(view), lambda: charts.origins_chart(view, name)
    )


@router.get(
    "/households-per-liaison",
    summary="How many households each liaison serves",
    response_model=LiaisonLoadsView,
    responses=_OTHER_FORMATS,
)
async def get_liaison_loads(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    wanted: Wanted = Format.JSON,
) -> LiaisonLoadsView | Response:
    view = await queries.get_liaison_loads(region, tx)
    return await _as(
        wanted, view, lambda: tables.liaisons_table(view), lambda: charts.liaisons_chart(view)
    )


@router.get(
    "/birth-counts",
    summary="Births of a year by month and sex",
    response_model=BirthCountsView,
    responses=_OTHER_FORMATS,
)
async def get_birth_counts(
    actor: CanRead,
    tx: Transaction,
    year: Annotated[int, Query(ge=1880, le=2200)],
    region: RegionCode | None = None,
    wanted: Wanted = Format.JSON,
) -> BirthCountsView | Response:
    view = await queries.get_birth_counts(region, year, tx)
    name = await queries.name_of(view.region, tx.today, tx)
    return await _as(
        wanted, view, lambda: tables.births_table(view), lambda: charts.births_chart(view, name)
    )


async def _as(
    wanted: Format,
    view: View,
    table: Callable[[], tables.Table],
    chart: Callable[[], str],
) -> View | Response:
    match wanted:
        case Format.CSV:
            return Response(tables.csv_of(table()), media_type="text/csv")
        case Format.XLSX:
            return Response(tables.xlsx_of(table()), media_type=XLSX_MEDIA)
        case Format.SVG:
            return Response(chart(), media_type="image/svg+xml")
        case Format.PNG:
            return Response(await png_of_svg(chart()), media_type="image/png")
        case _:
            return view
