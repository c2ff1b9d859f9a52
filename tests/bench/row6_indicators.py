"""Row 6: the year's figures of a county after 1 % of its facts changed, month by month and
indicator by indicator, against a full scan of the facts in PostgreSQL.

The facts are changed through the service's own door, which keeps the tallies; how long that takes
is a note. Then each side is asked for the same figures: ours reads tallies, the limit counts all
facts in one statement. Both are evaluated alike, and any difference ends the bench.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from services.assessment.facts.handlers import record_facts
from services.assessment.facts.kinds import Kind
from services.assessment.facts.queries import Span, cells_of_subject, count_mismatches
from services.assessment.facts.schemas import Cell, PlacedCell, RecordFact
from services.assessment.indicators.handlers import standard_indicators
from services.assessment.indicators.rules import Value, asked_of, evaluate
from services.assessment.indicators.schemas import DeclareIndicator
from shared.db import Database
from shared.ids import new_id
from shared.testing import make_actor
from tests.bench.counting import YEAR, counting, enter_facts, outcomes
from tests.bench.frame import Contest, Figures, Goal

COUNTY = "420325"
TOWNSHIPS = tuple(f"{COUNTY}{number}" for number in range(100, 120))
CHANGED = 100  # one fact of so many
_EACH = 500  # facts an event, as an import brings them

# All that the figures need, in one pass over the facts.
_FULL_SCAN = """
SELECT kind, outcome, date_trunc('month', day)::date AS day, starts_with(area, observer) AS own,
    sum(n)::bigint AS n, coalesce(sum(n) FILTER (WHERE measure IS NOT NULL), 0)::bigint AS measured,
    coalesce(sum(n::bigint * measure), 0)::bigint AS sum_measure
FROM facts
WHERE current AND kind = ANY ($1::text[]) AND area ^@ $2::text AND day BETWEEN $3 AND $4
GROUP BY 1, 2, 3, 4
"""

Shown = dict[tuple[str, int], Value]


class _Asked(NamedTuple):
    definitions: Sequence[DeclareIndicator]
    kinds: list[str]


_Side = Callable[[Database, _Asked], Awaitable[Shown]]


@asynccontextmanager
async def contest(folder: Path, facts: int) -> AsyncIterator[Contest]:
    async with counting(folder / "row6", COUNTY) as (database, owner):
        await enter_facts(owner, 1, facts, TOWNSHIPS, COUNTY)
        asked = _asked()
        changed = facts // CHANGED
        began = time.perf_counter()
        await _change(database, changed)
        took = time.perf_counter() - began
        both = [await _by_tallies(database, asked), await _by_full_scan(database, asked)]
        if both[0] != both[1]:
            raise RuntimeError("the figures from tallies are not those from all facts")
        async with database.transaction(make_actor(region=COUNTY)) as tx:
            if wrong := await count_mismatches(tx):
                raise RuntimeError(f"{wrong} tallies are not what the facts add up to")
        yield Contest(
            row=6,
            what=f"{len(asked.definitions)} indicators × 12 months after 1 % of {facts:,} facts"
            " changed",
            against="one full scan of the facts in PostgreSQL",
            goals=[Goal("ms", "ms", 0.05, at_least=False)],
            ours=lambda: _timed(_by_tallies, database, asked),
            limit=lambda: _timed(_by_full_scan, database, asked),
            notes=[
                f"Row 6: {changed:,} facts were changed before, through the service's own door, in"
                f" {took:.0f} s ({1000 * took / changed:.2f} ms a fact, tallies included); no"
                f" figure and no tally differed from a count of all facts."
            ],
        )


def _asked() -> _Asked:
    definitions = [each for each in standard_indicators() if each.scored]
    kinds = {kind for each in definitions for side in each.selections() for kind in side.kinds}
    return _Asked(definitions, sorted(kinds))


async def _change(database: Database, count: int) -> None:
    """New facts, each the kind of one that is there, on any day of the year."""
    pairs = outcomes()
    moment = datetime(YEAR, 12, 31, 12, tzinfo=UTC)
    for start in range(0, count, _EACH):
        facts = [
            RecordFact(
                Kind(pairs[number % len(pairs)][0]),
                pairs[number % len(pairs)][1],
                TOWNSHIPS[number % len(TOWNSHIPS)],
                date(YEAR, 1 + number % 12, 1 + number % 28),
                str(new_id()),
                measure=number % 40,
            )
            for number in range(start, min(start + _EACH, count))
        ]
        async with database.transaction(make_actor(region=COUNTY)) as tx:
            await record_facts(facts, str(new_id()), moment, tx)


async def _timed(side: _Side, database: Database, asked: _Asked) -> Figures:
    began = time.perf_counter()
    await side(database, asked)
    return {"ms": 1000 * (time.perf_counter() - began)}


async def _by_tallies(database: Database, asked: _Asked) -> Shown:
    async with database.transaction(make_actor(region=COUNTY)) as tx:
        placed = await cells_of_subject(
            asked.kinds, COUNTY, date(YEAR, 1, 1), date(YEAR, 12, 31), None, [], Span.MONTH, tx
        )
    return _figures(placed, asked)


async def _by_full_scan(database: Database, asked: _Asked) -> Shown:
    async with database.transaction(make_actor(region=COUNTY)) as tx:
        rows = await tx.fetch(_FULL_SCAN, asked.kinds, COUNTY, date(YEAR, 1, 1), date(YEAR, 12, 31))
    names = ("kind", "outcome", "day", "n", "measured", "sum_measure")
    placed = [PlacedCell(Cell(*(row[name] for name in names)), "", row["own"]) for row in rows]
    return _figures(placed, asked)


def _figures(placed: Sequence[PlacedCell], asked: _Asked) -> Shown:
    by_month: dict[int, list[PlacedCell]] = {month: [] for month in range(1, 13)}
    for each in placed:
        if each.cell.day is not None:
            by_month[each.cell.day.month].append(each)
    return {
        (definition.code, month): evaluate(definition, asked_of(definition, cells, None))
        for month, cells in by_month.items()
        for definition in asked.definitions
    }
