"""Making, following up and closing improvement plans."""

from uuid import UUID

from services.assessment.improvement.errors import NotWeak, PlanClosed, PlanNeedsPublished
from services.assessment.improvement.models import (
    ImprovementPlan,
    PlanFollowUp,
    PlanMeasure,
    PlanStatus,
)
from services.assessment.improvement.queries import (
    entry_place,
    get_plan,
    measure_place,
    require_plan,
)
from services.assessment.improvement.rules import check_weak, check_words
from services.assessment.improvement.schemas import ClosePlan, FollowUp, MakePlan, Measure, PlanView
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.queries import items_of, require_scorecard
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def make_plan(command: MakePlan, tx: Tx) -> PlanView:
    """The judged place plans for itself, or the observing one with it. Raises ScorecardNotFound,
    OutsideJurisdiction, PlanNeedsPublished, NotWeak, NoSanctions, NeverHeld."""
    card = await require_scorecard(command.scorecard_id, tx)
    if not (tx.actor.covers(card.area) or tx.actor.covers(card.observer)):
        raise OutsideJurisdiction()
    if card.status != ScorecardStatus.PUBLISHED:
        raise PlanNeedsPublished()
    items = {item.indicator: item for item in await items_of(card.id, tx)}
    for measure in command.measures:
        item = items.get(measure.indicator)
        if item is None:
            raise NotWeak(indicator=measure.indicator)
        check_weak(item.indicator, item.weight, item.points)
    check_words([command.office, *(measure.measure for measure in command.measures)])
    plan = ImprovementPlan(
        id=new_id(),
        scorecard_id=card.id,
        office=command.office,
        starts_on=command.starts_on,
        review_on=command.review_on,
        made_at=tx.now,
        made_by=tx.actor.sub,
    )
    await tx.add(plan)
    for place, measure in enumerate(command.measures):
        await tx.add(_row(plan.id, place, measure, tx))
    return await get_plan(plan.id, tx)


async def follow_up(command: FollowUp, plan_id: UUID, tx: Tx) -> PlanView:
    """Raises PlanNotFound, PlanClosed, NoSanctions, NeverHeld."""
    await _open_plan(plan_id, tx)
    check_words([command.entry])
    id = new_id()
    entry = PlanFollowUp(
        id=id,
        plan_id=plan_id,
        entry_sealed=tx.vault.seal(command.entry, entry_place(id)),
        state=command.state,
        entered_at=tx.now,
        entered_by=tx.actor.sub,
    )
    await tx.add(entry)
    return await get_plan(plan_id, tx)


async def close_plan(command: ClosePlan, plan_id: UUID, tx: Tx) -> PlanView:
    """Raises PlanNotFound, PlanClosed."""
    plan = await _open_plan(plan_id, tx)
    plan.status = PlanStatus.CLOSED
    plan.outcome = command.outcome
    plan.closed_at = tx.now
    plan.closed_by = tx.actor.sub
    await tx.save(plan)
    return await get_plan(plan_id, tx)


async def _open_plan(plan_id: UUID, tx: Tx) -> ImprovementPlan:
    plan = await require_plan(plan_id, tx, lock=True)
    if plan.status == PlanStatus.CLOSED:
        raise PlanClosed()
    return plan


def _row(plan_id: UUID, place: int, measure: Measure, tx: Tx) -> PlanMeasure:
    id = new_id()
    return PlanMeasure(
        id=id,
        plan_id=plan_id,
        indicator=measure.indicator,
        measure_sealed=tx.vault.seal(measure.measure, measure_place(id)),
        due_on=measure.due_on,
        place=place,
    )
