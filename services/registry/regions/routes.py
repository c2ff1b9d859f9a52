"""HTTP door of regions."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.registry.auth import CanRead
from services.registry.regions import queries
from services.registry.regions.schemas import RegionDetail, RegionView
from shared.codes import RegionCode, RegionLevel
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["regions"], route_class=Route)

OnDay = Annotated[CalendarDay | None, Query(description="the map of that day; default: today's")]


@router.get("/regions", summary="List regions")
async def list_regions(
    actor: CanRead,
    tx: Transaction,
    parent: RegionCode | None = None,
    level: RegionLevel | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
    on: OnDay = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RegionView]:
    return await queries.list_regions(parent, level, q, on, limit, cursor, tx)


@router.get("/regions/{code}", summary="Read a region")
async def get_region(
    code: RegionCode, actor: CanRead, tx: Transaction, on: OnDay = None
) -> RegionDetail:
    return await queries.get_region(code, on, tx)
