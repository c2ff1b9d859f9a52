"""A province publishes a year: 100 counties, every month, a card each of all scored indicators.

Measured: from the first run's beginning to the last card's publication, through the same steps as
the service's own (begin a run, carry it on, publish it), on one box. Then 1 % of the facts change,
all in one county's last month, and what follows is measured again: it should cost what changed,
not what there is. `python -m tests.bench.province --facts 1000000`.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from services.assessment.facts.handlers import record_facts
from services.assessment.facts.kinds import Kind
from services.assessment.facts.schemas import RecordFact
from services.assessment.periods import parse_period
from services.assessment.runs.handlers import begin_run, carry_on, publish_run
from services.assessment.scorecards.handlers import compute_scorecard
from services.assessment.scorecards.schemas import ComputeScorecard
from shared.db import Database
from shared.ids import new_id
from shared.testing import make_actor
from tests.bench import machine
from tests.bench.counting import (
    SCHEME,
    YEAR,
    counting,
    enter_facts,
    outcomes,
    put_in_force,
    scored,
)

PROVINCE = "42"
COUNTIES = tuple(f"{PROVINCE}{number:04d}" for number in range(101, 201))
INDICATORS = 36
GOAL = 60.0  # seconds
_EACH = 500


@dataclass(frozen=True)
class Figures:
    """Times are seconds. `again` is what it took to record the `changed` facts and compute the
    one card that they concern."""

    facts: int
    indicators: int
    cards: int
    seconds: float
    changed: int
    recorded: float
    again: float

    @property
    def met(self) -> bool:
        return self.cards == len(COUNTIES) * 12 and self.seconds <= GOAL

    def __str__(self) -> str:
        return (
            f"{self.facts:,} facts: {self.cards:,} cards of {self.indicators} indicators published"
            f" in {self.seconds:.1f} s ({1000 * self.seconds / self.cards:.1f} ms a card; goal"
            f" {GOAL:.0f} s {'met' if self.met else 'MISSED'}); {self.changed:,} changed facts"
            f" recorded in {self.recorded:.1f} s ({1000 * self.recorded / self.changed:.2f} ms"
            f" each), the card they concern computed in {1000 * self.again:.0f} ms"
        )


async def measure(folder: Path, facts: int, changed: int) -> Figures:
    codes = scored()[:INDICATORS]
    async with counting(folder, PROVINCE) as (database, owner):
        await enter_facts(owner, 1, facts, COUNTIES, PROVINCE)
        await put_in_force(database, codes, PROVINCE)
        began = time.perf_counter()
        cards = 0
        for month in range(1, 13):
            cards += await _published(database, f"{YEAR}-{month:02d}")
        seconds = time.perf_counter() - began
        recorded = await _change(database, changed)
        again = await _computed_again(database)
    return Figures(facts, len(codes), cards, seconds, changed, recorded, again)


async def _published(database: Database, period: str) -> int:
    actor = make_actor(region=PROVINCE)
    async with database.transaction(actor) as tx:
        await begin_run(parse_period(period), PROVINCE, tx)
        run_id = await tx.fetch_value("SELECT id FROM scorecard_runs WHERE period = $1", period)
    more = True
    while more:
        async with database.transaction(actor) as tx:
            more = await carry_on(run_id, tx)
    async with database.transaction(actor) as tx:
        return (await publish_run(run_id, tx)).published


async def _change(database: Database, count: int) -> float:
    began = time.perf_counter()
    moment = datetime(YEAR, 12, 31, 12, tzinfo=UTC)
    facts = [_fact(number) for number in range(count)]
    for start in range(0, count, _EACH):
        async with database.transaction(make_actor(region=PROVINCE)) as tx:
            await record_facts(facts[start : start + _EACH], str(new_id()), moment, tx)
    return time.perf_counter() - began


def _fact(number: int, pairs: Sequence[tuple[str, str]] = tuple(outcomes())) -> RecordFact:
    kind, outcome = pairs[number % len(pairs)]
    day = date(YEAR, 12, 1 + number % 28)
    return RecordFact(Kind(kind), outcome, COUNTIES[0], day, str(new_id()), measure=number % 40)


async def _computed_again(database: Database) -> float:
    """A card of the quarter, which has none yet, of the county whose facts changed."""
    command = ComputeScorecard(scheme=SCHEME, period=f"{YEAR}-Q4", area=COUNTIES[0])
    began = time.perf_counter()
    async with database.transaction(make_actor(region=PROVINCE)) as tx:
        await compute_scorecard(command, PROVINCE, tx)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.province", description=__doc__)
    parser.add_argument("--facts", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--changed", type=int, default=5_000)
    asked = parser.parse_args()
    for facts in asked.facts:
        busy = os.getloadavg()[0]
        with tempfile.TemporaryDirectory(prefix="yipan-bench-") as folder:
            print(asyncio.run(measure(Path(folder), facts, asked.changed)))
        print(f"load average before: {busy:.1f}", flush=True)
    print(machine.describe())


if __name__ == "__main__":
    main()
