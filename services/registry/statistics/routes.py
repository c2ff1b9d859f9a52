"""HTTP door of statistics."""

from datetime import date

from fastapi import APIRouter

from services.registry.auth import CanRead
from services.registry.statistics import queries
from services.registry.statistics.schemas import PopulationBridgeView
from shared.codes import RegionCode
from shared.http import Route, Transaction

router = APIRouter(tags=["statistics"], route_class=Route)


@router.get("/population-bridge", summary="The population bridge of a region")
async def get_population_bridge(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None, on: date | None = None
) -> PopulationBridgeView:
    return await queries.get_population_bridge(region, on, tx)
