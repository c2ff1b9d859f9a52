"""Reading limits."""

from collections.abc import Mapping, Sequence

from services.migrant.limits.models import ServiceLimit
from services.migrant.limits.rules import SHIPPED, Limit
from services.migrant.limits.schemas import LimitView
from shared.actors import narrow
from shared.db import Tx


async def list_limits(region: str | None, tx: Tx) -> Sequence[LimitView]:
    """The limits of an area; of the caller's own when none is named. Raises
    OutsideJurisdiction."""
    own = await _set_for(narrow(tx.actor, region), tx)
    return [_view(code, own.get(code)) for code in Limit]


async def limits_of(region: str, tx: Tx) -> Mapping[Limit, int]:
    """The values that apply in `region`: of the smallest area around it that set one."""
    own = await _set_for(region, tx)
    return {code: own[code].value if code in own else SHIPPED[code].value for code in Limit}


async def _set_for(region: str, tx: Tx) -> dict[Limit, ServiceLimit]:
    rows = await tx.find(
        ServiceLimit,
        "SELECT * FROM service_limits WHERE starts_with($1, area) ORDER BY length(area)",
        region,
    )
    return {Limit(row.code): row for row in rows}  # a smaller area comes later and wins


def _view(code: Limit, own: ServiceLimit | None) -> LimitView:
    said = SHIPPED[code].model_dump()
    if own is None:
        return LimitView(**said, region=None)
    return LimitView(**(said | {"value": own.value, "source": own.source}), region=own.area)
