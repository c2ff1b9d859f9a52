"""Keeping the list of regions."""

from collections import Counter

from services.migrant.people.recoding import follow_map
from services.migrant.regions.models import KnownRegion
from shared.db import Tx
from shared.events.registry import RegionPair, RegionsListed


async def note_regions(event: RegionsListed, tx: Tx) -> None:
    """What the registry lists of an area takes the place of what it listed before. What came in
    under a code between its end and this word goes by the new one from now on. Runs as the
    service; applying it twice changes nothing."""
    await tx.execute("DELETE FROM known_regions WHERE area = $1", event.area)
    seen: Counter[str] = Counter()
    for each in event.versions:
        await tx.add(KnownRegion(number=seen[each.code], area=event.area, **each.model_dump()))
        seen[each.code] += 1
    pairs = [
        RegionPair(from_region=each.code, to_region=each.became[0], name=None)
        for each in event.versions
        if len(each.became) == 1
    ]
    if pairs:
        await follow_map(pairs, tx)
