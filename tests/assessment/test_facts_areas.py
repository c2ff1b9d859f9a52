"""The map changes: what was counted before stays, what comes after moves, nothing is lost."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.assessment.facts.areas import AreaChange, lines, place_of
from services.assessment.facts.handlers import rebuild_tallies
from services.assessment.facts.kinds import Kind
from services.assessment.facts.mapping import change_map
from services.assessment.facts.queries import Window, count_mismatches, totals, totals_by_full_scan
from shared.db import Tx
from shared.ids import new_id
from tests.assessment.samples import HOME, make_fact, record
from tests.conftest import TxFactory

A, B, C = "420325101", "420325102", "420325103"
A1, A2, C1, C9 = f"{A}001", f"{A}002", f"{C}001", f"{C}009"
BEFORE, DAY, AFTER = date(2026, 9, 15), date(2026, 9, 16), date(2026, 9, 17)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def change(
    kind: str, *pairs: tuple[str | None, str | None], on: date = DAY, reverses: UUID | None = None
) -> AreaChange:
    return AreaChange(new_id(), kind, on, pairs, reverses)


MOVE = change("move", (A, C), (A1, C1), (A2, C9))
MERGE = change("merge", (A, C), (B, C))
SPLIT = change("split", (A, A), (A, C))
DIVIDED = change("split", (A, B), (A, C))
ESTABLISHED = change("establish", (None, C))
ABOLISHED = change("abolish", (A, None))


@pytest.mark.parametrize(
    ("changes", "code", "day", "placed"),
    [
        ((), A, DAY, A),
        ((MOVE,), A, BEFORE, A),
        ((MOVE,), A, DAY, C),
        ((MOVE,), C, BEFORE, A),  # a place that did not exist then
        ((MOVE,), C, DAY, C),
        ((MOVE,), A2, AFTER, C9),
        ((MOVE,), C9, BEFORE, A2),
        ((MOVE,), f"{A}777", AFTER, C),  # a village that the change does not name
        ((MOVE,), f"{A}777", BEFORE, f"{A}777"),
        ((MOVE,), B, AFTER, B),
        ((MOVE,), HOME, AFTER, HOME),
        ((MERGE,), A, AFTER, C),
        ((MERGE,), C, BEFORE, C),  # of which of the two is not known: of the merged one
        ((SPLIT,), A, AFTER, A),
        ((SPLIT,), C, BEFORE, A),
        ((DIVIDED,), A, BEFORE, A),
        ((DIVIDED,), A, AFTER, HOME),  # of which of the two is not known: of neither
        ((DIVIDED,), B, BEFORE, A),
        ((ESTABLISHED,), C, BEFORE, HOME),
        ((ESTABLISHED,), C, DAY, C),
        ((ABOLISHED,), A, DAY, HOME),
        ((ABOLISHED,), A1, DAY, HOME),
    ],
)
def test_where_a_fact_belongs(
    changes: tuple[AreaChange, ...], code: str, day: date, placed: str
) -> None:
    assert place_of(code, day, changes) == placed


def test_changes_follow_one_another_and_are_undone() -> None:
    first = change("move", (A, B), on=date(2026, 3, 1))
    second = change("move", (B, C), on=date(2026, 6, 1))
    back = change("reversal", (C, B), on=date(2026, 9, 1), reverses=second.change_id)
    every = (back, second, first)
    for code in (A, B, C):
        found = [place_of(code, date(2026, month, 15), every) for month in (2, 4, 7, 10)]
        assert found == [A, B, C, B], code


def test_an_area_has_the_past_of_what_became_it_as_a_whole() -> None:
    second = change("merge", (C, B), (B, B), on=AFTER)
    assert lines([second, MOVE]) == {(C, A), (C1, A1), (C9, A2), (B, C), (B, A)}
    assert lines([MERGE]) == {(C, A), (C, B)}
    assert lines([SPLIT]) == lines([DIVIDED]) == lines([ESTABLISHED]) == lines([ABOLISHED]) == set()


def test_what_was_undone_is_nobodys_past() -> None:
    back = change("reversal", (C, A), (C, B), on=AFTER, reverses=MERGE.change_id)
    assert lines([MERGE, back]) == set()


# ---- In the store -------------------------------------------------------------------------------


async def count(area: str, tx: Tx) -> int:
    window = Window(("message",), area, *YEAR)
    cells = await totals(window, tx)
    assert cells == await totals_by_full_scan(window, tx)
    return sum(cell.n for cell in cells)


async def facts(tx: Tx) -> None:
    """Three before the day and five after under A, seven after under C."""
    await record(
        tx,
        make_fact(Kind.MESSAGE, "failed", 3, area=A1, day=BEFORE),
        make_fact(Kind.MESSAGE, "failed", 5, area=A, day=AFTER),
        make_fact(Kind.MESSAGE, "failed", 7, area=C, day=AFTER),
    )


@pytest.mark.usefixtures("emptied")
@pytest.mark.parametrize("first", ["map", "facts"])
async def test_nothing_is_lost_whichever_comes_first(open_tx: TxFactory, first: str) -> None:
    async with open_tx("assessment") as tx:
        if first == "facts":
            await facts(tx)
        for _ in range(2):  # doubled
            await change_map(MOVE, tx)
        if first == "map":
            await facts(tx)
        by_area = await tx.fetch(
            "SELECT area, sum(n)::int FROM tallies WHERE span = 'month' GROUP BY 1 ORDER BY 1"
        )
        assert [tuple(row) for row in by_area] == [(A1, 3), (C, 12)]
        assert [await count(area, tx) for area in (A, C, HOME)] == [3, 15, 15]
        assert await count_mismatches(tx) == 0


@pytest.mark.usefixtures("emptied")
async def test_a_change_that_is_undone_leaves_all_as_it_was(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await record(
            tx,
            make_fact(Kind.MESSAGE, "failed", 3, area=A, day=BEFORE),
            make_fact(Kind.MESSAGE, "failed", 5, area=A, day=AFTER),
        )
        await change_map(MERGE, tx)
        assert [await count(area, tx) for area in (A, C)] == [3, 8]
        back = change("reversal", (C, A), (C, B), on=DAY, reverses=MERGE.change_id)
        await change_map(back, tx)
        assert [await count(area, tx) for area in (A, C)] == [8, 0]
        assert await count_mismatches(tx) == 0


some_changes = st.lists(
    st.builds(
        lambda pairs, days: change(*pairs, on=DAY + timedelta(days=days)),
        st.sampled_from(
            [
                ("move", (A, B)),
                ("move", (B, C)),
                ("merge", (A, C), (B, C)),
                ("split", (A, A), (A, B)),
                ("split", (C, A), (C, B)),
                ("abolish", (B, None)),
                ("establish", (None, A)),
            ]
        ),
        st.integers(-20, 20),
    ),
    max_size=3,
)
some_facts = st.lists(
    st.tuples(
        st.sampled_from([A, A1, B, C, C1, HOME]),
        st.dates(DAY - timedelta(days=30), DAY + timedelta(days=30)),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.usefixtures("emptied")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=some_changes, counted=some_facts, data=st.data())
async def test_facts_and_maps_in_any_order_end_in_the_same_places(
    open_tx: TxFactory,
    changes: list[AreaChange],
    counted: list[tuple[str, date, int]],
    data: st.DataObject,
) -> None:
    """Whatever the maps say, also where they contradict each other."""
    told: list[AreaChange | tuple[str, date, int]] = [*changes, *changes, *counted]
    arriving = data.draw(st.permutations(told))
    async with open_tx("assessment") as tx:
        for each in arriving:
            if isinstance(each, AreaChange):
                await change_map(each, tx)
            else:
                area, day, n = each
                await record(tx, make_fact(Kind.MESSAGE, "failed", n, area=area, day=day))
        expected: dict[tuple[str, date], int] = {}
        for area, day, n in counted:
            key = place_of(area, day, changes), day
            expected[key] = expected.get(key, 0) + n
        found = await tx.fetch("SELECT area, day, n::int FROM tallies WHERE span = 'day'")
        assert {(row["area"], row["day"]): row["n"] for row in found} == expected
        assert (await rebuild_tallies(tx)).mismatches == 0
        assert await count(HOME, tx) == sum(n for _, _, n in counted)  # the county loses nothing
