"""Changing standards."""

from services.registry.errors import ContradictoryLimits
from services.registry.limits.queries import limits_of, list_limits
from services.registry.limits.rules import Limit, in_order
from services.registry.limits.schemas import LimitView, SetLimit
from services.registry.regions.queries import require_region
from services.registry.work_units.handlers import assign_tiers
from shared.db import Tx
from shared.problems import OutsideJurisdiction


async def set_limit(command: SetLimit, code: Limit, tx: Tx) -> LimitView:
    """Use another value in an area. Work units that now belong to another tier change at once.
    Raises OutsideJurisdiction, UnknownRegion, ContradictoryLimits."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    if not in_order(await limits_of(command.region, tx) | {code: command.value}):
        raise ContradictoryLimits()
    await tx.execute(
        "INSERT INTO service_limits (region, code, value, source, set_at, set_by)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (region, code) DO UPDATE SET"
        " value = excluded.value, source = excluded.source, set_at = excluded.set_at,"
        " set_by = excluded.set_by",
        command.region,
        code.value,
        command.value,
        command.source,
        tx.now,
        tx.actor.sub,
    )
    await assign_tiers(command.region, tx)
    (view,) = [each for each in await list_limits(command.region, tx) if each.code == code]
    return view
