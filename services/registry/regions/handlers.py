"""Loading regions. Used by the box and by whoever has a newer list; there is no route for it."""

from collections.abc import Iterable
from datetime import date
from itertools import islice

from shared.codes import level_of, parent_of
from shared.db import Connection

SHIPPED_SOURCE = "统计用区划代码 2023"
SHIPPED_FROM = date(2023, 6, 30)

_SLICE = 5_000
_UPSERT = """
INSERT INTO regions (code, name, level, parent, valid_from, source)
SELECT code, name, level, parent, $5, $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (code, name, level, parent)
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, valid_from = coalesce(regions.valid_from, excluded.valid_from),
    valid_to = NULL, source = excluded.source
WHERE (regions.name, regions.source) IS DISTINCT FROM (excluded.name, excluded.source)
   OR regions.valid_to IS NOT NULL
"""


async def load_regions(
    connection: Connection,
    rows: Iterable[tuple[str, str]],
    *,
    source: str = SHIPPED_SOURCE,
    valid_from: date | None = SHIPPED_FROM,
) -> int:
    """Enter (code, name) pairs of any levels, or bring their names up to date. Returns how many
    rows are new or changed: loading the same list again returns 0.

    All or nothing. Works for the owner and for the service's own role, which may not make the
    temporary table that COPY would need. Raises shared.codes.CodeError for a code that is none.
    """
    following = iter(rows)
    changed = 0
    async with connection.transaction():
        while batch := dict(islice(following, _SLICE)):
            tag = await connection.execute(
                _UPSERT,
                list(batch),
                list(batch.values()),
                [level_of(code).value for code in batch],
                [parent_of(code) for code in batch],
                valid_from,
                source,
            )
            changed += int(tag.split()[-1])
    return changed
