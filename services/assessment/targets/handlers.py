"""Setting annual targets, and revising how they are broken down."""

from services.assessment.errors import UnknownKind
from services.assessment.facts.kinds import KINDS, Kind
from services.assessment.indicators.rules import check_topics
from services.assessment.targets.errors import (
    DoesNotAddUp,
    NoPattern,
    OtherOffices,
    TargetSet,
)
from services.assessment.targets.models import AnnualTarget
from services.assessment.targets.queries import done_by_month, find_target, view_of
from services.assessment.targets.rules import (
    MONTHS,
    adds_up,
    broken_down,
    check_planned,
    working_days,
)
from services.assessment.targets.schemas import (
    ByMonth,
    ReviseTarget,
    SetTarget,
    TargetView,
)
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('target ' || $1 || $2, 0))"


async def set_target(command: SetTarget, home: str, tx: Tx) -> TargetView:
    """Set a year's target and break it down. Raises OutsideJurisdiction for anybody but the
    observing place, NeverScored, UnknownKind, TargetSet, NoPattern."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    check_planned(command.counted.kinds)
    check_topics([command.code, command.name.zh, command.name.en], scored=True)
    known = {outcome for kind in command.counted.kinds for outcome in KINDS[Kind(kind)].outcomes}
    if wrong := [each for each in command.counted.outcomes if each not in known]:
        raise UnknownKind(outcomes=wrong)
    await tx.execute(_ALONE, command.code, str(command.year))
    if await find_target(command.code, command.year, home, tx) is not None:
        raise TargetSet()
    months = await _pattern(command, tx)
    target = AnnualTarget(
        id=new_id(),
        observer=home,
        code=command.code,
        year=command.year,
        edition=1,
        name=command.name.model_dump(),
        counted=command.counted.model_dump(),
        total=command.total,
        by_month=command.by_month,
        offices=[each.model_dump() for each in command.offices],
        cells=broken_down(command.total, [each.served or 1 for each in command.offices], months),
        set_at=tx.now,
        set_by=tx.actor.sub,
    )
    await tx.add(target)
    return await view_of(target, tx)


async def revise_target(
    command: ReviseTarget, code: str, year: int, home: str, tx: Tx
) -> TargetView:
    """A further edition of a target; the earlier ones stay. Raises OutsideJurisdiction,
    TargetNotFound, OtherOffices, DoesNotAddUp."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    await tx.execute(_ALONE, code, str(year))
    latest = await find_target(code, year, home, tx, required=True)
    if len(command.cells) != len(latest.offices):
        raise OtherOffices()
    if not adds_up(command.cells, command.total):
        raise DoesNotAddUp(sum=sum(sum(row) for row in command.cells))
    target = AnnualTarget(
        **latest.model_dump(exclude={"id", "edition", "total", "cells", "reason"})
        | {"set_at": tx.now, "set_by": tx.actor.sub},
        id=new_id(),
        edition=latest.edition + 1,
        total=command.total,
        cells=command.cells,
        reason=command.reason,
    )
    await tx.add(target)
    return await view_of(target, tx)


async def _pattern(command: SetTarget, tx: Tx) -> list[int]:
    """The weights of the months."""
    match command.by_month:
        case ByMonth.EVEN:
            return [1] * MONTHS
        case ByMonth.WORKING_DAYS:
            return working_days(command.year)
        case ByMonth.LAST_YEAR:
            done = await done_by_month(command.counted, command.offices, command.year - 1, tx)
            months = [sum(row[month] for row in done) for month in range(MONTHS)]
            if not any(months):
                raise NoPattern()
            return months
