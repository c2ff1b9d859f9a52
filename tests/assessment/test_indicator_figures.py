"""The running figures are those that all facts make, to the last digit, after any order of
arrival; and what areas are called comes with the map."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.assessment.consumer import consumer
from services.assessment.facts.naming import names_of
from services.assessment.facts.queries import totals, totals_by_full_scan
from services.assessment.indicators.handlers import standard_indicators
from services.assessment.indicators.queries import window_of
from services.assessment.indicators.rules import Value, evaluate
from services.assessment.periods import parse_period
from shared.db import Tx
from shared.events.base import Event
from shared.events.registry import RegionPair, RegionsChanged
from shared.ids import new_id
from tests.assessment.histories import NEW, OLD, OTHER, Story, stories
from tests.assessment.samples import HOME, NOON, TOWNSHIP
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

PERIODS = [parse_period(each) for each in ("2026-09", "2026-10", "2026-Q3", "2026")]
# Samples are small: what is under ten cases is told here, or there were nothing to compare.
INDICATORS = [each.model_copy(update={"minimum_cases": 1}) for each in standard_indicators()]


async def hear(tx: Tx, at: datetime, event_id: str, event: Event) -> None:
    tx.happened_at, tx.causation_id = at, event_id
    await consumer.handlers[type(event).event_type](event, tx)


async def figures(tx: Tx, *, running: bool) -> dict[tuple[str, str, str], Value]:
    read = totals if running else totals_by_full_scan
    return {
        (definition.code, period.text, area): evaluate(
            definition, await read(window_of(definition, period, area, None), tx)
        )
        for definition in INDICATORS
        for period in PERIODS
        for area in (HOME, OLD, NEW, OTHER)
    }


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories())
async def test_in_any_order_the_figures_are_those_of_all_facts(
    open_tx: TxFactory, story: Story
) -> None:
    found = []
    for order in (story.happened, story.arriving):
        async with open_tx("assessment") as tx:
            for each in order:
                await hear(tx, *each)
            running = await figures(tx, running=True)
            assert running == await figures(tx, running=False)
            found.append(running)
    assert found[0] == found[1]


async def test_a_name_comes_with_the_map_and_holds_from_its_day(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        event = RegionsChanged(
            change_id=new_id(),
            kind="rename",
            county=HOME,
            document="鄂民政函〔2026〕1号",
            effective_on=date(2026, 10, 1),
            pairs=[RegionPair(from_region=TOWNSHIP, to_region=TOWNSHIP, name="城关街道")],
        )
        for _ in range(2):
            await hear(tx, NOON, str(event.change_id), event)
        assert await names_of([TOWNSHIP, OTHER], date(2026, 10, 1), tx) == {TOWNSHIP: "城关街道"}
        before = date(2026, 10, 1) - timedelta(days=1)
        assert await names_of([TOWNSHIP], before, tx) == {}
