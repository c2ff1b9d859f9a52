"""What the map's changes (区划调整) mean for places and for an area's own catalogue."""

from collections import Counter
from collections.abc import Sequence

from shared.db import Tx
from shared.events.registry import RegionPair

_PLACES = """
UPDATE places SET area = pair.new, version = version + 1, updated_at = $3, updated_by = $4
FROM unnest($1::text[], $2::text[]) AS pair (old, new) WHERE area = pair.old
"""
_CATALOGUE = """
UPDATE catalogue_versions SET area = pair.new
FROM unnest($1::text[], $2::text[]) AS pair (old, new) WHERE area = pair.old
 AND NOT EXISTS (SELECT FROM catalogue_versions AS own WHERE own.area = pair.new)
"""


async def follow_areas(pairs: Sequence[RegionPair], tx: Tx) -> None:
    """Places go along with an area that goes on under one code, alone or merged with others. Its
    own catalogue goes along where it goes on alone: of areas that were merged, nobody but the
    county can say whose rules hold, so the county's do until it does. In an area that was split
    both stay as they were. Runs as the service."""
    known = [(p.from_region, p.to_region) for p in pairs if p.from_region and p.to_region]
    leaving = Counter(old for old, _ in known)
    joining = Counter(new for _, new in known)
    whole = [(old, new) for old, new in known if leaving[old] == 1 and old != new]
    alone = [(old, new) for old, new in whole if joining[new] == 1]
    await tx.execute(_PLACES, *_columns(whole), tx.now, tx.actor.sub)
    await tx.execute(_CATALOGUE, *_columns(alone))


def _columns(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [old for old, _ in pairs], [new for _, new in pairs]
