"""Stays (居住) as the database keeps them apart: no two of a person overlap (migration 0016)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

from asyncpg import ExclusionViolationError, Record, UniqueViolationError

from services.registry.errors import OverlappingStays
from shared.db import Tx
from shared.problems import Text

_KEPT_APART = ("residences_apart", "residences_open")
# Of hers, the stay that keeps another from lasting from $2 to $3: the latest, if there are several.
_IN_THE_WAY = """
SELECT id, since, until FROM residences
WHERE person_id = $1 AND id IS DISTINCT FROM $4
    AND since < coalesce($3::date, 'infinity') AND coalesce(until, 'infinity') > $2::date
    AND since < coalesce(until, 'infinity')
ORDER BY since DESC LIMIT 1
"""


@asynccontextmanager
async def kept_apart(
    person_id: UUID, since: date, until: date | None, tx: Tx, *, itself: UUID | None = None
) -> AsyncIterator[None]:
    """Around what has somebody live somewhere from `since` until `until`. Raises OverlappingStays
    where the database refuses that, and takes back what the block wrote; `itself` is the stay that
    is written, if it was there before."""
    try:
        async with tx.attempt():
            yield
    except (ExclusionViolationError, UniqueViolationError) as error:
        if error.constraint_name not in _KEPT_APART:
            raise
        other = await tx.fetch_row(_IN_THE_WAY, person_id, since, until, itself)
        raise overlapping(other) from error


def overlapping(stay: Record | None) -> OverlappingStays:
    """Names the stay that is in the way, by `id`, `since` and `until`: where it was is for whoever
    looks at her history. None: it is hers no more, or of a record that the caller does not see."""
    if stay is None:
        return OverlappingStays()
    since, until = stay["since"], stay["until"]
    there = Text(
        f"与 {since} 起至 {until or '今'} 的居住重叠;登记有误的请更正该段居住",
        f"It overlaps the stay from {since} to {until or 'now'}; correct that one if it is wrong",
    )
    return OverlappingStays(
        there, residence_id=str(stay["id"]), since=str(since), until=str(until) if until else None
    )
