"""What areas are called: by the map of a day, as far as its changes said so (区划名称)."""

from collections.abc import Sequence
from datetime import date

from shared.db import Tx

_NAMES = """
SELECT DISTINCT ON (to_area) to_area, name FROM area_changes
WHERE to_area = ANY ($1::text[]) AND name IS NOT NULL AND effective_on <= $2
ORDER BY to_area, effective_on DESC, change_id DESC
"""


async def names_of(areas: Sequence[str], on: date, tx: Tx) -> dict[str, str]:
    """The names of those areas that a change of the map named up to that day, by code."""
    return {row["to_area"]: row["name"] for row in await tx.fetch(_NAMES, list(areas), on)}
