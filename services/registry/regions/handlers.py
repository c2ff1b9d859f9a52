"""Loading regions. Used by the box and by whoever has a newer list; there is no route for it."""

from collections.abc import Iterable, Iterator
from datetime import date

from shared.codes import level_of, parent_of
from shared.db import Connection

SHIPPED_SOURCE = "统计用区划代码 2023"
SHIPPED_FROM = date(2023, 6, 30)

_UPSERT = """
INSERT INTO regions (code, name, level, parent, valid_from, source)
SELECT code, name, level, parent, valid_from, source FROM loaded_regions
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

    Works for the owner and for the service's own role. Raises shared.codes.CodeError for a code
    that is none; nothing is then loaded.
    """
    async with connection.transaction():
        await connection.execute(
            "CREATE TEMP TABLE loaded_regions (code text PRIMARY KEY, name text, level text,"
            " parent text, valid_from date, source text) ON COMMIT DROP"
        )
        await connection.copy_records_to_table(
            "loaded_regions", records=_records(rows, valid_from, source)
        )
        tag = await connection.execute(_UPSERT)
        await connection.execute("DROP TABLE loaded_regions")  # the caller may hold a longer one
    return int(tag.split()[-1])


def _records(
    rows: Iterable[tuple[str, str]], valid_from: date | None, source: str
) -> Iterator[tuple[str, str, str, str | None, date | None, str]]:
    for code, name in rows:
        yield code, name, level_of(code).value, parent_of(code), valid_from, source
