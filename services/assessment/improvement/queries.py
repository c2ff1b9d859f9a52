"""Reading improvement plans and what they brought."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.assessment.errors import IndicatorNotFound
from services.assessment.improvement.errors import PlanNotFound
from services.assessment.improvement.models import (
    FollowUpState,
    ImprovementPlan,
    PlanFollowUp,
    PlanMeasure,
    PlanOutcome,
    PlanStatus,
)
from services.assessment.improvement.rules import change_of, is_better, is_reached
from services.assessment.improvement.schemas import (
    Effect,
    FollowUpView,
    LaterValue,
    MeasureView,
    PlanSummary,
    PlanView,
)
from services.assessment.indicators.queries import definition_of, find_indicator
from services.assessment.periods import parse_period
from services.assessment.scorecards.models import Scorecard, ScorecardItem
from services.assessment.scorecards.queries import items_of, require_scorecard, rule_of
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_PAGE = """
SELECT plan.* FROM improvement_plans AS plan JOIN scorecards AS card ON card.id = plan.scorecard_id
WHERE (starts_with(card.observer, $1) OR starts_with(card.area, $1))
    AND ($2::text IS NULL OR starts_with(card.area, $2))
    AND ($3::text IS NULL OR plan.status = $3)
    AND ($4::uuid IS NULL OR plan.scorecard_id = $4) AND ($5::uuid IS NULL OR plan.id < $5)
ORDER BY plan.id DESC LIMIT $6
"""

_LATER = """
SELECT item.indicator, card.period, card.id, item.value
FROM scorecards AS card JOIN scorecard_items AS item ON item.scorecard_id = card.id
WHERE card.scheme = $1 AND card.area = $2 AND card.office = $3 AND card.status = 'published'
    AND card.starts_on > $4 AND item.indicator = ANY ($5::text[])
ORDER BY card.starts_on, card.id
"""


def measure_place(measure_id: UUID) -> str:
    return f"plan_measures.measure:{measure_id}"


def entry_place(entry_id: UUID) -> str:
    return f"plan_follow_ups.entry:{entry_id}"


async def require_plan(plan_id: UUID, tx: Tx, *, lock: bool = False) -> ImprovementPlan:
    """Raises PlanNotFound, also for one outside the caller's jurisdiction."""
    plan = await tx.get(ImprovementPlan, plan_id, lock=lock)
    if plan is None:
        raise PlanNotFound()
    return plan


async def list_plans(
    area: str | None,
    status: PlanStatus | None,
    scorecard_id: UUID | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[PlanSummary]:
    """Newest first; `area` takes in all inside it."""
    found = await tx.find(
        ImprovementPlan,
        _PAGE,
        tx.actor.region,
        area,
        status,
        scorecard_id,
        id_in(cursor),
        limit + 1,
    )
    more, found = len(found) > limit, found[:limit]
    measures = await _measures_of([each.id for each in found], tx)
    cards = await _cards_of([each.scorecard_id for each in found], tx)
    return Page(
        items=[_summary(each, cards[each.scorecard_id], measures[each.id], tx) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_plan(plan_id: UUID, tx: Tx) -> PlanView:
    """Raises PlanNotFound."""
    plan = await require_plan(plan_id, tx)
    card = await require_scorecard(plan.scorecard_id, tx)
    measures = (await _measures_of([plan.id], tx))[plan.id]
    entries = await tx.find(
        PlanFollowUp, "SELECT * FROM plan_follow_ups WHERE plan_id = $1 ORDER BY id", plan.id
    )
    return PlanView(
        **_summary(plan, card, measures, tx).model_dump(),
        measures=[
            MeasureView(
                indicator=each.indicator,
                measure=tx.vault.open(each.measure_sealed, measure_place(each.id)),
                due_on=each.due_on,
            )
            for each in measures
        ],
        follow_ups=[
            FollowUpView(
                entry=tx.vault.open(each.entry_sealed, entry_place(each.id)),
                state=FollowUpState(each.state),
                entered_at=each.entered_at,
                entered_by=each.entered_by,
            )
            for each in entries
        ],
        effects=await _effects(card, _indicators(measures), tx),
    )


async def _measures_of(plan_ids: Sequence[UUID], tx: Tx) -> dict[UUID, list[PlanMeasure]]:
    found = await tx.find(
        PlanMeasure,
        "SELECT * FROM plan_measures WHERE plan_id = ANY ($1::uuid[]) ORDER BY plan_id, place",
        list(plan_ids),
    )
    grouped: dict[UUID, list[PlanMeasure]] = defaultdict(list)
    for measure in found:
        grouped[measure.plan_id].append(measure)
    return grouped


async def _cards_of(scorecard_ids: Sequence[UUID], tx: Tx) -> dict[UUID, Scorecard]:
    found = await tx.find(
        Scorecard, "SELECT * FROM scorecards WHERE id = ANY ($1::uuid[])", list(scorecard_ids)
    )
    return {card.id: card for card in found}


def _indicators(measures: Sequence[PlanMeasure]) -> list[str]:
    return list(dict.fromkeys(each.indicator for each in measures))


def _summary(
    plan: ImprovementPlan, card: Scorecard, measures: Sequence[PlanMeasure], tx: Tx
) -> PlanSummary:
    status = PlanStatus(plan.status)
    return PlanSummary(
        **plan.model_dump(exclude={"status", "outcome"}),
        area=card.area,
        period=card.period,
        indicators=_indicators(measures),
        status=status,
        outcome=PlanOutcome(plan.outcome) if plan.outcome else None,
        overdue=status == PlanStatus.OPEN and plan.review_on < tx.today,
    )


async def _effects(card: Scorecard, indicators: Sequence[str], tx: Tx) -> list[Effect]:
    """Only cards of the same kind of period: a year is not compared with a month."""
    kind = parse_period(card.period).kind
    later: dict[str, list[LaterValue]] = defaultdict(list)
    rows = await tx.fetch(
        _LATER, card.scheme, card.area, card.office, card.starts_on, list(indicators)
    )
    for row in rows:
        if parse_period(row["period"]).kind == kind:
            later[row["indicator"]].append(
                LaterValue(period=row["period"], scorecard_id=row["id"], value=row["value"])
            )
    items = {item.indicator: item for item in await items_of(card.id, tx)}
    return [
        await _effect(items[each], rule_of(items[each]).target, later[each], tx)
        for each in indicators
    ]


async def _effect(item: ScorecardItem, target: Decimal, later: list[LaterValue], tx: Tx) -> Effect:
    indicator = await find_indicator(item.indicator, tx, item.indicator_version)
    if indicator is None:  # versions are never removed
        raise IndicatorNotFound()
    direction = definition_of(indicator).direction
    values = [each.value for each in later]
    change = change_of(item.value, values)
    return Effect(
        indicator=item.indicator,
        before=item.value,
        target=target,
        later=later,
        change=change,
        better=is_better(change, direction),
        reached=is_reached(values, target, direction),
    )
