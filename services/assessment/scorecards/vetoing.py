"""Raising and lifting vetoes: falsified data, an upheld coercion complaint, a privacy breach."""

from uuid import UUID

from services.assessment.errors import VetoLifted
from services.assessment.periods import parse_period
from services.assessment.scorecards.models import Veto
from services.assessment.scorecards.queries import veto_view
from services.assessment.scorecards.schemas import LiftVeto, RaiseVeto, VetoView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def raise_veto(command: RaiseVeto, home: str, tx: Tx) -> VetoView:
    """Hold scorecards back until it is lifted; what is published stays published. Raises
    OutsideJurisdiction for anybody but the observing place."""
    if not tx.actor.covers(home):
        raise OutsideJurisdiction()
    period = parse_period(command.period)
    veto = Veto(
        id=new_id(),
        observer=home,
        area=command.area,
        period=period.text,
        starts_on=period.start,
        ends_on=period.end,
        ground=command.ground,
        reason=command.reason,
        raised_at=tx.now,
        raised_by=tx.actor.sub,
    )
    await tx.add(veto)
    return veto_view(veto)


async def lift_veto(command: LiftVeto, veto_id: UUID, tx: Tx) -> VetoView:
    """Raises NotFound, OutsideJurisdiction, VetoLifted."""
    veto = await tx.require(Veto, veto_id, lock=True)
    if not tx.actor.covers(veto.observer):
        raise OutsideJurisdiction()
    if veto.lifted_at is not None:
        raise VetoLifted()
    veto.lifted_at = tx.now
    veto.lifted_by = tx.actor.sub
    veto.lifted_reason = command.reason
    await tx.save(veto)
    return veto_view(veto)
