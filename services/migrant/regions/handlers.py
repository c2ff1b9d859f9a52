"""Keeping the list of regions."""

from collections import Counter

from services.migrant.people.recoding import follow_map
from shared.db import Tx
from shared.events.registry import RegionPair, RegionsListed

_ENTER = """
INSERT INTO known_regions (code, number, area, name, valid_from, valid_to, became)
SELECT code, number, $1, name, valid_from, valid_to, became
FROM jsonb_to_recordset($2) AS listed (code text, number integer, name text, valid_from date,
                                       valid_to date, became text[])
"""


async def note_regions(event: RegionsListed, tx: Tx) -> None:
    """What the registry lists of an area takes the place of what it listed before. What came in
    under a code between its end and this word goes by the new one from now on. Runs as the
    service; applying it twice changes nothing."""
    await tx.execute("DELETE FROM known_regions WHERE area = $1", event.area)
    seen: Counter[str] = Counter()
    rows = []
    for each in event.versions:
        rows.append(each.model_dump(mode="json") | {"number": seen[each.code]})
        seen[each.code] += 1
    await tx.execute(_ENTER, event.area, rows)
    pairs = [
        RegionPair(from_region=each.code, to_region=each.became[0], name=None)
        for each in event.versions
        if len(each.became) == 1
    ]
    if pairs:
        await follow_map(pairs, tx)
