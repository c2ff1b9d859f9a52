"""Recording facts: the fact and the tallies it changes in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from services.assessment.facts.areas import AreaChange, place_of
from services.assessment.facts.folding import Role, Statement, fold
from services.assessment.facts.mapping import hold_map
from services.assessment.facts.models import Fact
from services.assessment.facts.queries import COLUMNS, RECOUNT, count_mismatches
from services.assessment.facts.schemas import RecordFact, RecountView
from shared.db import Tx

TallyKey = tuple[str, str, str, str, str, str, date]
Deltas = defaultdict[TallyKey, list[int]]

_INSERT = """
INSERT INTO facts (event_id, part, kind, about, outcome, area, observer, office, day, n, measure,
                   happened_at, current, role, source, said_area, since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, false, $13, $14, $6, $15)
ON CONFLICT (event_id, part) DO NOTHING
"""

_COUNT = """
UPDATE facts SET current = true, outcome = $3, area = $4, said_area = $5, day = $6, measure = $7
WHERE event_id = $1 AND part = $2
"""

# Rows in key order, so that two transactions cannot wait for each other.
_ADD = """
INSERT INTO tallies AS t
    (kind, outcome, area, observer, office, span, day, n, measured, sum_measure)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                     $7::date[], $8::bigint[], $9::bigint[], $10::bigint[])
ON CONFLICT (kind, outcome, area, observer, office, span, day) DO UPDATE
SET n = t.n + excluded.n, measured = t.measured + excluded.measured,
    sum_measure = t.sum_measure + excluded.sum_measure
"""

_DROP_EMPTY = """
DELETE FROM tallies AS t
USING unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
             $7::date[]) AS k (kind, outcome, area, observer, office, span, day)
WHERE t.kind = k.kind AND t.outcome = k.outcome AND t.area = k.area AND t.observer = k.observer
    AND t.office = k.office AND t.span = k.span AND t.day = k.day AND t.n = 0
"""


async def record_facts(
    facts: Sequence[RecordFact], event_id: str, happened_at: datetime, tx: Tx
) -> None:
    """Count what one event says, seen by the actor's own area. Doubled events change nothing;
    what several say about one record is put together, whichever came first."""
    changes = await hold_map(tx)
    deltas: Deltas = defaultdict(lambda: [0, 0, 0])
    rows = [_row(part, fact, event_id, happened_at, tx) for part, fact in enumerate(facts)]
    for row in sorted(rows, key=lambda row: (row.kind, row.about)):
        await _record(row, changes, deltas, tx)
    await _apply(deltas, tx)


async def rebuild_tallies(tx: Tx) -> RecountView:
    """Recount every tally from all facts the actor sees, and say how many were wrong."""
    await tx.execute("LOCK TABLE facts, tallies IN SHARE ROW EXCLUSIVE MODE")
    wrong = await count_mismatches(tx)
    if wrong:
        await tx.execute("DELETE FROM tallies")
        await tx.execute(f"INSERT INTO tallies ({COLUMNS}) {RECOUNT}")
    tallies = await tx.fetch_value("SELECT count(*) FROM tallies")
    return RecountView(tallies=tallies, mismatches=wrong)


def _row(part: int, fact: RecordFact, event_id: str, happened_at: datetime, tx: Tx) -> Fact:
    record = fact.record or event_id
    source = tx.vault.index(f"{fact.kind}:{fact.source}", "fact") if fact.source else b""
    return Fact(
        event_id=event_id,
        part=part,
        kind=fact.kind,
        about=tx.vault.index(f"{fact.kind}:{record}", "fact"),
        outcome=fact.outcome,
        area=fact.area,
        observer=tx.actor.region,
        office=fact.office[:64],
        day=fact.day,
        n=fact.count if fact.role == Role.COUNTED else 0,
        measure=fact.measure,
        happened_at=happened_at,
        current=False,
        role=fact.role,
        source=source,
        said_area=fact.area,
        since=fact.since,
    )


async def _record(row: Fact, changes: Sequence[AreaChange], deltas: Deltas, tx: Tx) -> None:
    # two events about one record take turns, also before its first fact is there to be locked
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{row.kind}:{row.about.hex()}"
    )
    if not await _insert(row, tx):
        return
    said = await tx.find(
        Fact, "SELECT * FROM facts WHERE kind = $1 AND about = $2", row.kind, row.about
    )
    for each in said:
        if each.current:
            await tx.execute(
                "UPDATE facts SET current = false WHERE event_id = $1 AND part = $2",
                each.event_id,
                each.part,
            )
            _count(each, -1, deltas)
    counted = fold(_statement(each) for each in said)
    if counted is not None:
        base = next(each for each in said if (each.event_id, each.part) == counted.order[1:])
        await _count_as(base, counted, changes, tx)
        _count(base, 1, deltas)


async def _insert(row: Fact, tx: Tx) -> bool:
    """Whether it is new."""
    tag = await tx.execute(
        _INSERT,
        row.event_id,
        row.part,
        row.kind,
        row.about,
        row.outcome,
        row.area,
        row.observer,
        row.office,
        row.day,
        row.n,
        row.measure,
        row.happened_at,
        row.role,
        row.source,
        row.since,
    )
    return tag != "INSERT 0 0"


def _statement(row: Fact) -> Statement:
    return Statement(
        row.happened_at,
        row.event_id,
        row.part,
        Role(row.role),
        row.source,
        row.outcome,
        row.said_area,
        row.office,
        row.day,
        row.n,
        row.measure,
        row.since,
    )


async def _count_as(row: Fact, counted: Statement, changes: Sequence[AreaChange], tx: Tx) -> None:
    row.outcome, row.day, row.measure = counted.outcome, counted.day, counted.measure
    row.said_area, row.area = counted.area, place_of(counted.area, counted.day, changes)
    await tx.execute(
        _COUNT,
        row.event_id,
        row.part,
        row.outcome,
        row.area,
        row.said_area,
        row.day,
        row.measure,
    )


def _count(row: Fact, sign: int, deltas: Deltas) -> None:
    for span, day in (("day", row.day), ("month", row.day.replace(day=1))):
        delta = deltas[row.kind, row.outcome, row.area, row.observer, row.office, span, day]
        delta[0] += sign * row.n
        if row.measure is not None:
            delta[1] += sign * row.n
            delta[2] += sign * row.measure * row.n


async def _apply(deltas: Deltas, tx: Tx) -> None:
    changed = sorted((key, delta) for key, delta in deltas.items() if any(delta))
    if not changed:
        return
    keys = [list(column) for column in zip(*(key for key, _ in changed), strict=True)]
    values = [list(column) for column in zip(*(delta for _, delta in changed), strict=True)]
    await tx.execute(_ADD, *keys, *values)
    if any(delta[0] < 0 for _, delta in changed):
        await tx.execute(_DROP_EMPTY, *keys)
