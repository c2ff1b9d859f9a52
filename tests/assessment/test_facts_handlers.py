"""Tallies are what the facts add up to, in whatever order and however often they come."""

from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.assessment.facts.handlers import rebuild_tallies, record_facts
from services.assessment.facts.kinds import Kind, SeenBy
from services.assessment.facts.queries import (
    RECOUNT,
    Window,
    cells_by_day,
    count_mismatches,
    totals,
    totals_by_full_scan,
)
from services.assessment.facts.schemas import RecordFact
from shared.db import Tx
from shared.testing import make_actor
from tests.assessment.samples import HOME, NOON, PEER, TOWNSHIP, make_fact, record
from tests.conftest import TxFactory

pytestmark = pytest.mark.usefixtures("emptied")

OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
Event = tuple[str, datetime, RecordFact]


async def tallies(tx: Tx) -> list[tuple[Any, ...]]:
    rows = await tx.fetch(
        "SELECT kind, outcome, area, observer, office, span, day, n, measured, sum_measure"
        " FROM tallies ORDER BY 1, 2, 3, 4, 5, 6, 7"
    )
    return [tuple(row) for row in rows]


def fact_about(
    record_number: int, outcome: str, day: int, area: str, measure: int | None
) -> RecordFact:
    return RecordFact(
        Kind.BIRTH_REGISTERED,
        outcome,
        area,
        date(2026, 10, 1) + timedelta(days=day),
        f"record-{record_number}",
        measure=measure,
    )


facts = st.builds(
    fact_about,
    st.integers(0, 4),
    st.sampled_from(["within_30_days", "later"]),
    st.integers(0, 60),
    st.sampled_from([HOME, TOWNSHIP, PEER]),
    st.none() | st.integers(0, 90),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """Some events, and the same in another order with repetitions."""
    drawn = draw(st.lists(st.tuples(st.integers(0, 3), facts), min_size=1, max_size=8))
    events = [
        (f"event-{number}", NOON + timedelta(minutes=minute), fact)
        for number, (minute, fact) in enumerate(drawn)
    ]
    doubled = events + draw(st.lists(st.sampled_from(events), max_size=4))
    return events, draw(st.permutations(doubled))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_events=deliveries())
async def test_any_order_and_any_repetition_gives_the_same_tallies(
    open_tx: TxFactory, given_events: tuple[list[Event], list[Event]]
) -> None:
    seen = []
    for events in given_events:
        async with open_tx("assessment") as tx:
            for event_id, at, fact in events:
                await record_facts([fact], event_id, at, tx)
            assert await count_mismatches(tx) == 0
            seen.append(await tallies(tx))
            recount = await tx.fetch(f"{RECOUNT} ORDER BY 1, 2, 3, 4, 5, 6, 7")
            assert [tuple(row) for row in recount] == seen[-1]
    assert seen[0] == seen[1]


async def test_a_correction_moves_the_fact_to_its_period_once(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        overdue = make_fact(Kind.INQUIRY_ANSWER, "overdue", 1, record="q", day=date(2026, 9, 30))
        answered = make_fact(Kind.INQUIRY_ANSWER, "late", 1, record="q")
        await record_facts([answered], "answered", NOON, tx)
        await record_facts([overdue], "overdue", NOON - timedelta(days=12), tx)  # arrives late
        assert [(row[1], *row[5:8]) for row in await tallies(tx)] == [
            ("late", "day", date(2026, 10, 12), 1),
            ("late", "month", date(2026, 10, 1), 1),
        ]


async def test_totals_and_full_scan_agree(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await record(
            tx,
            make_fact(Kind.BIRTH_REGISTERED, "later", 1, measure=40, area=TOWNSHIP, office="a"),
            make_fact(Kind.BIRTH_REGISTERED, "later", 2, measure=35, day=date(2026, 10, 31)),
            make_fact(Kind.BIRTH_REGISTERED, "later", 5, area=PEER),
            make_fact(Kind.BIRTH_REGISTERED, "later", 7, day=date(2026, 11, 1)),
            make_fact(Kind.MESSAGE, "failed", 9),
        )
        for area, office, seen_by, n in (
            (HOME, None, SeenBy.ANY, 3),
            (HOME, None, SeenBy.SELF, 3),
            (HOME, None, SeenBy.OTHER, 0),
            (PEER, None, SeenBy.OTHER, 5),
            (TOWNSHIP, None, SeenBy.ANY, 1),
            (HOME, "a", SeenBy.ANY, 1),
        ):
            window = Window(("birth_registered",), area, *OCTOBER, office, seen_by)
            counted = await totals(window, tx)
            assert sum(cell.n for cell in counted) == n
            assert counted == await totals_by_full_scan(window, tx)
        window = Window(("birth_registered",), HOME, *OCTOBER)
        assert [cell.sum_measure for cell in await cells_by_day(window, tx)] == [40, 70]


async def test_a_recount_finds_and_mends_what_is_wrong(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await record(tx, make_fact(Kind.MESSAGE, "failed", 9))
        right = await tallies(tx)
        await tx.execute("UPDATE tallies SET n = 8 WHERE span = 'month'")
        assert (await rebuild_tallies(tx)).mismatches == 2  # one missing, one too many
        assert await tallies(tx) == right
        assert (await rebuild_tallies(tx)).mismatches == 0


async def test_only_the_observing_side_sees_facts_and_tallies(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await record(tx, make_fact(Kind.MESSAGE, "failed", 9, area=PEER))
        for region, seen in ((HOME, 1), ("4203", 1), (PEER, 0), (TOWNSHIP, 0)):
            await tx.execute(f"SET LOCAL yipan.region = '{region}'")
            assert await tx.fetch_value("SELECT count(*) FROM facts") == seen
            assert await tx.fetch_value("SELECT count(*) FROM tallies") == 2 * seen


async def test_a_fact_of_another_observer_cannot_be_written(open_tx: TxFactory) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with (
            open_tx("assessment", actor=make_actor(region=PEER)) as tx,
            (await tx.begin()).transaction(),  # so that the door can still roll back
        ):
            await tx.execute(f"SET LOCAL yipan.region = '{HOME}'")
            await record(tx, make_fact(Kind.MESSAGE, "failed", 1))
