"""Changing limits."""

from services.migrant.limits.queries import limits_of, list_limits
from services.migrant.limits.rules import Limit, check_limits
from services.migrant.limits.schemas import LimitView, SetLimit
from shared.db import Tx
from shared.problems import OutsideJurisdiction

_SET = """
INSERT INTO service_limits (area, code, value, source, set_at, set_by)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (area, code) DO UPDATE
SET value = excluded.value, source = excluded.source, set_at = excluded.set_at,
    set_by = excluded.set_by
"""


async def set_limit(command: SetLimit, code: Limit, tx: Tx) -> LimitView:
    """Use another value in an area, from now on: what waits or was sent stays. Raises
    OutsideJurisdiction, OutOfBounds, ContradictoryLimits."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    check_limits(code, {**await limits_of(command.region, tx), code: command.value})
    await tx.execute(
        _SET, command.region, code, command.value, command.source, tx.now, tx.actor.sub
    )
    (view,) = [each for each in await list_limits(command.region, tx) if each.code == code]
    return view
