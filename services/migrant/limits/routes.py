"""HTTP door of limits."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.migrant.auth import CanAdminister, CanReadPlaces
from services.migrant.limits import handlers, queries
from services.migrant.limits.rules import Limit
from services.migrant.limits.schemas import LimitView, SetLimit
from shared.codes import RegionCode
from shared.http import Route, Transaction

router = APIRouter(tags=["service limits"], route_class=Route)


@router.get("/service-limits", summary="The limits that apply in an area")
async def list_limits(
    actor: CanReadPlaces, tx: Transaction, region: RegionCode | None = None
) -> Sequence[LimitView]:
    return await queries.list_limits(region, tx)


@router.put("/service-limits/{code}", summary="Use another value in an area")
async def set_limit(
    code: Limit, command: SetLimit, actor: CanAdminister, tx: Transaction
) -> LimitView:
    return await handlers.set_limit(command, code, tx)
