"""Following a change of the map (区划调整): what was recorded in an area whose code changed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from services.migrant.base import Row
from shared.db import Tx
from shared.events.registry import RegionPair

_SPLIT = """
UPDATE arrivals SET doubts = array_append(doubts, 'region-split')
WHERE region = ANY($1) AND until IS NULL AND NOT 'region-split' = ANY(doubts)
"""


# Columns that say where in the county something is, or was recorded. `area` is another thing: what
# a county set for an area is whoever's who set it to look through.
_COLUMNS: Final = ("region", "to_region", "office_region", "booked_from")


async def follow_map(pairs: Sequence[RegionPair], tx: Tx) -> None:
    """Give every row that names an area of the county the area's new code. Rows of an area that
    was split stay where they are, for nothing here tells into which part: stays that last are
    marked for the desk to ask. Runs as the service; applying it twice changes nothing."""
    became = _became(pairs)
    one = {code: new[0] for code, new in became.items() if len(new) == 1 and new[0] != code}
    inside = {old: new for old, new in one.items() if tx.actor.covers(old) and tx.actor.covers(new)}
    for table, column in recoded_columns():
        await _recode(table, column, inside, tx)
    await tx.execute(_SPLIT, [code for code, new in became.items() if len(new) > 1])


def recoded_columns() -> Sequence[tuple[str, str]]:
    """Tables, and the columns of theirs that follow the map."""
    return [
        (table.name, name)
        for table in Row.metadata.sorted_tables
        for name in _COLUMNS
        if name in table.columns
    ]


async def _recode(table: str, column: str, became: Mapping[str, str], tx: Tx) -> None:
    if not await tx.fetch_value("SELECT has_table_privilege($1, 'UPDATE')", table):
        return  # append-only: it says what was so at the time
    await tx.execute(
        f"UPDATE {table} SET {column} = pair.new"  # noqa: S608 our own names
        " FROM unnest($1::text[], $2::text[]) AS pair (old, new)"
        f" WHERE {column} = pair.old",
        list(became.keys()),
        list(became.values()),
    )


def _became(pairs: Sequence[RegionPair]) -> dict[str, list[str]]:
    """What each area became: one code, or several where it was split."""
    became: dict[str, list[str]] = defaultdict(list)
    for each in pairs:
        if each.from_region and each.to_region:
            became[each.from_region].append(each.to_region)
    return became
