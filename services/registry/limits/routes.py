"""HTTP door of standards."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.registry.auth import CanRead, CanWrite
from services.registry.limits import handlers, queries
from services.registry.limits.rules import Limit
from services.registry.limits.schemas import LimitView, SetLimit
from shared.codes import RegionCode
from shared.http import Route, Transaction

router = APIRouter(tags=["service limits"], route_class=Route)


@router.get("/service-limits", summary="The standards that apply in an area")
async def list_limits(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None
) -> Sequence[LimitView]:
    return await queries.list_limits(region, tx)


@router.put("/service-limits/{code}", summary="Use another value in an area")
async def set_limit(code: Limit, command: SetLimit, actor: CanWrite, tx: Transaction) -> LimitView:
    return await handlers.set_limit(command, code, tx)
