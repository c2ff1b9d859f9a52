"""Following the map (区划调整): facts of a changed area go where they belong from its day on."""

from collections.abc import Sequence
from itertools import groupby

from services.assessment.facts.areas import AreaChange, lines, place_of
from services.assessment.facts.models import AreaPair
from services.assessment.facts.queries import COLUMNS, RECOUNT_AREAS
from shared.db import Tx

_LOCK = "hashtextextended('assessment-map', 0)"

_ADD_PAIRS = """
INSERT INTO area_changes
    (change_id, place, kind, effective_on, from_area, to_area, reverses, name)
SELECT $1, n, $2, $3, source, target, $4, name
FROM unnest($5::text[], $6::text[], $7::text[]) WITH ORDINALITY AS pairs (source, target, name, n)
ON CONFLICT DO NOTHING
"""

_TOUCHED = """
SELECT DISTINCT said_area, area, day FROM facts
WHERE current AND said_area ^@ ANY ($1::text[])
"""

_MOVE = """
UPDATE facts SET area = moved.area
FROM unnest($1::text[], $2::date[], $3::text[]) AS moved (said_area, day, area)
WHERE facts.current AND facts.said_area = moved.said_area AND facts.day = moved.day
"""


async def hold_map(tx: Tx) -> list[AreaChange]:
    """All changes of the map; no other comes before this transaction ends."""
    await tx.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
    return await _changes(tx)


async def change_map(change: AreaChange, tx: Tx) -> None:
    """Take over a change of the map, once; facts that came before it or come after it end in the
    same place."""
    await tx.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    names = dict(change.names)
    tag = await tx.execute(
        _ADD_PAIRS,
        change.change_id,
        change.kind,
        change.effective_on,
        change.reverses,
        [source for source, _ in change.pairs],
        [target for _, target in change.pairs],
        [names.get(target or "") for _, target in change.pairs],
    )
    if tag == "INSERT 0 0":
        return
    changes = await _changes(tx)
    await _draw_lines(changes, tx)
    await _move_facts(changes, tx)


async def _changes(tx: Tx) -> list[AreaChange]:
    pairs = await tx.find(AreaPair, "SELECT * FROM area_changes ORDER BY change_id, place")
    return [_change(list(group)) for _, group in groupby(pairs, key=lambda each: each.change_id)]


def _change(pairs: Sequence[AreaPair]) -> AreaChange:
    first = pairs[0]
    return AreaChange(
        first.change_id,
        first.kind,
        first.effective_on,
        tuple((each.from_area, each.to_area) for each in pairs),
        first.reverses,
    )


async def _draw_lines(changes: Sequence[AreaChange], tx: Tx) -> None:
    drawn = sorted(lines(changes))
    await tx.execute("DELETE FROM area_lines")
    await tx.execute(
        "INSERT INTO area_lines (area, earlier) SELECT * FROM unnest($1::text[], $2::text[])",
        [area for area, _ in drawn],
        [earlier for _, earlier in drawn],
    )


async def _move_facts(changes: Sequence[AreaChange], tx: Tx) -> None:
    # of all changes: a new one may lie in the middle of an older code's way
    pairs = [pair for change in changes for pair in change.pairs]
    codes = sorted({code for pair in pairs for code in pair if code})
    moved = [
        (row["said_area"], row["day"], row["area"], placed)
        for row in await tx.fetch(_TOUCHED, codes)
        if (placed := place_of(row["said_area"], row["day"], changes)) != row["area"]
    ]
    if not moved:
        return
    said, days, old, new = (list(column) for column in zip(*moved, strict=True))
    await tx.execute(_MOVE, said, days, new)
    areas = sorted({*old, *new})
    await tx.execute("DELETE FROM tallies WHERE area = ANY ($1::text[])", areas)
    await tx.execute(f"INSERT INTO tallies ({COLUMNS}) {RECOUNT_AREAS}", areas)
