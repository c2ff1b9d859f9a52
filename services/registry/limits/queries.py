"""Reading standards."""

from collections.abc import Sequence

from services.registry.limits.models import ServiceLimit
from services.registry.limits.rules import SHIPPED, Limit
from services.registry.limits.schemas import LimitView, WordsView
from shared.actors import narrow
from shared.db import Tx


async def list_limits(region: str | None, tx: Tx) -> Sequence[LimitView]:
    """The standards of an area; of the caller's own when none is named. Raises
    OutsideJurisdiction."""
    own = await _set_for(narrow(tx.actor, region), tx)
    return [_view(code, own.get(code)) for code in Limit]


async def limits_of(region: str, tx: Tx) -> dict[Limit, int]:
    """The values that apply in `region`: of the smallest area around it that set one."""
    own = await _set_for(region, tx)
    return {code: own[code].value if code in own else SHIPPED[code].value for code in Limit}


async def _set_for(region: str, tx: Tx) -> dict[Limit, ServiceLimit]:
    rows = await tx.find(
        ServiceLimit,
        "SELECT * FROM service_limits WHERE starts_with($1, region) ORDER BY length(region)",
        region,
    )
    return {Limit(row.code): row for row in rows}  # a smaller area comes later and wins


def _view(code: Limit, own: ServiceLimit | None) -> LimitView:
    shipped = SHIPPED[code]
    return LimitView(
        code=code,
        value=own.value if own else shipped.value,
        words=WordsView(zh=shipped.words.zh, en=shipped.words.en),
        source=own.source if own else shipped.source,
        region=own.region if own else None,
    )
