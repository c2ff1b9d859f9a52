"""Whatever the order in which related events arrive, and however often: one right content."""

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.assessment.consumer import consumer
from services.assessment.facts.handlers import rebuild_tallies
from services.assessment.facts.kinds import Kind
from services.assessment.facts.queries import count_mismatches
from shared.db import Tx
from shared.events.base import Event
from tests.assessment.histories import Row, Story, stories
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

Tallies = dict[tuple[Any, ...], tuple[int, int, int]]


async def hear(tx: Tx, at: datetime, event_id: str, event: Event) -> None:
    """As the consumer door does, but for the inbox: facts must not need it."""
    tx.happened_at, tx.causation_id = at, event_id
    await consumer.handlers[type(event).event_type](event, tx)


async def tallies(tx: Tx) -> Tallies:
    rows = await tx.fetch(
        "SELECT kind, outcome, area, span, day, sum(n)::int AS n, sum(measured)::int AS measured,"
        " sum(sum_measure)::int AS sum_measure FROM tallies GROUP BY 1, 2, 3, 4, 5"
    )
    return {tuple(row)[:5]: tuple(row)[5:] for row in rows}


def right(rows: list[Row]) -> Tallies:
    found: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        for span, day in (("day", row.day), ("month", row.day.replace(day=1))):
            cell = found[row.kind.value, row.outcome, row.area, span, day]
            cell["n"] += row.n
            if row.measure is not None:
                cell["measured"] += row.n
                cell["sum"] += row.measure * row.n
    return {key: (cell["n"], cell["measured"], cell["sum"]) for key, cell in found.items()}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories())
async def test_any_order_of_related_events_ends_in_the_same(
    open_tx: TxFactory, story: Story
) -> None:
    """Corrections before what they correct, withdrawals before what they withdraw, the new map
    before and after the facts of both its sides; each twice."""
    for order in (story.happened, story.arriving):
        async with open_tx("assessment") as tx:
            for each in order:
                await hear(tx, *each)
            assert await tallies(tx) == right(story.rows)
            assert await count_mismatches(tx) == 0


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories())
async def test_counted_anew_from_all_facts_the_figures_are_the_same(
    open_tx: TxFactory, story: Story
) -> None:
    async with open_tx("assessment") as tx:
        for each in story.arriving:
            await hear(tx, *each)
        running = await tallies(tx)
        await tx.execute("DELETE FROM tallies")
        recount = await rebuild_tallies(tx)
        assert await tallies(tx) == running
        assert recount.mismatches == recount.tallies == len(running)
        assert (await rebuild_tallies(tx)).mismatches == 0


def test_what_is_right_counts_days_and_months() -> None:
    """The yardstick itself."""
    row = Row(Kind.BIRTH_REGISTERED, "later", "420325101", date(2026, 10, 12), 1, 40)
    assert right([row, row]) == {
        ("birth_registered", "later", "420325101", "day", date(2026, 10, 12)): (2, 2, 80),
        ("birth_registered", "later", "420325101", "month", date(2026, 10, 1)): (2, 2, 80),
    }
