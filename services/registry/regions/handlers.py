"""Loading regions, and beginning and ending versions of them. Lists are loaded by the box and by
whoever has a newer one; there is no route for it."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import islice

from services.registry.regions.queries import forget_known_regions
from shared.codes import level_of, parent_of
from shared.connections import Connection

SHIPPED_SOURCE = "统计用区划代码 2023"

_SLICE = 5_000
# A list without a date says what there is, not since when: it corrects names in place.
_CORRECT = """
INSERT INTO regions (code, name, level, parent, source)
SELECT code, name, level, parent, $5
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t (code, name, level, parent)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, valid_to = NULL, source = excluded.source
WHERE (regions.name, regions.source) IS DISTINCT FROM (excluded.name, excluded.source)
   OR regions.valid_to IS NOT NULL
"""
# From a day on: what the code meant before is kept. A place that goes on under its name just goes
# on, and a list or a change cannot reach behind the version that is there.
_BEGIN = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        AS t (code, name, level, parent)
), before AS (
    SELECT r.*, coalesce(r.valid_to, $6) AS ends FROM regions AS r JOIN given USING (code)
    WHERE r.name <> given.name OR r.valid_to < $6
), kept AS (
    INSERT INTO earlier_regions (code, valid_to, name, level, parent, valid_from, source)
    SELECT code, ends, name, level, parent, valid_from, source FROM before
    WHERE ends <= $6 AND (valid_from IS NULL OR valid_from < ends)
)
INSERT INTO regions (code, name, level, parent, valid_from, source)
SELECT code, name, level, parent, $6, $5 FROM given
ON CONFLICT (code) DO UPDATE SET
    name = excluded.name, valid_to = NULL, source = excluded.source,
    valid_from = CASE WHEN regions.name <> excluded.name OR regions.valid_to < $6
                      THEN $6 ELSE regions.valid_from END
WHERE (regions.name <> excluded.name OR regions.valid_to IS NOT NULL)
  AND (regions.valid_from IS NULL OR regions.valid_from <= $6)
  AND (regions.valid_to IS NULL OR regions.valid_to <= $6)
"""
_END = """
UPDATE regions SET valid_to = $2
WHERE code = ANY($1) AND valid_to IS NULL AND (valid_from IS NULL OR valid_from <= $2)
"""
# Abolished long ago: the code means something else today, or nothing.
_ENTER_EARLIER = """
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        AS t (code, name, level, parent)
), gone AS (
    INSERT INTO regions (code, name, level, parent, source, valid_from, valid_to)
    SELECT code, name, level, parent, $5, $6, $7 FROM given
    ON CONFLICT (code) DO NOTHING RETURNING code
)
INSERT INTO earlier_regions (code, name, level, parent, source, valid_from, valid_to)
SELECT code, name, level, parent, $5, $6, $7 FROM given
WHERE EXISTS (SELECT FROM regions AS r WHERE r.code = given.code AND r.valid_from >= $7)
  AND NOT EXISTS (SELECT FROM earlier_regions AS e WHERE e.code = given.code
                  AND e.valid_to > coalesce($6, e.valid_to - 1)
                  AND coalesce(e.valid_from, date '-infinity') < $7)
"""


async def load_regions(
    connection: Connection,
    rows: Iterable[tuple[str, str]],
    *,
    source: str = SHIPPED_SOURCE,
    valid_from: date | None = None,
    valid_to: date | None = None,
    ending: str | None = None,
) -> int:
    """Enter (code, name) pairs of any levels. Returns how many rows are new or changed: loading
    the same list again returns 0.

    Without dates the list says what there is, and corrects names. With `valid_from` it is the map
    from that day on: other names begin new versions, and what the list lacks inside the region
    `ending` ends that day; without `ending` nothing does. With `valid_to` it is a list of codes
    abolished by that day, for old addresses; it changes nothing that exists.

    All or nothing. Works for the owner and for the service's own role, which may not make the
    temporary table that COPY would need. Raises shared.codes.CodeError for a code that is none,
    ValueError for dates that contradict each other.
    """
    _check_dates(valid_from, valid_to, ending)
    following = iter(rows)
    listed: set[str] = set()
    changed = 0
    async with connection.transaction():
        while batch := dict(islice(following, _SLICE)):
            listed |= batch.keys()
            arguments = [*_columns(batch), source]
            if valid_to is not None:
                changed += await _enter_earlier(connection, arguments, valid_from, valid_to)
            elif valid_from is not None:
                changed += _count(await connection.execute(_BEGIN, *arguments, valid_from))
            else:
                changed += _count(await connection.execute(_CORRECT, *arguments))
        if ending is not None and valid_from is not None:
            there = await connection.fetch(
                "SELECT code FROM regions WHERE starts_with(code, $1) AND valid_to IS NULL", ending
            )
            missing = [row["code"] for row in there if row["code"] not in listed]
            changed += await end_regions(connection, missing, valid_from)
    forget_known_regions()
    return changed


def _check_dates(valid_from: date | None, valid_to: date | None, ending: str | None) -> None:
    if valid_to is not None and (ending or (valid_from is not None and valid_from >= valid_to)):
        raise ValueError("a list of abolished codes ends after it begins, and ends no other code")
    if ending is not None and valid_from is None:
        raise ValueError("only a list with a date can end what it lacks")


async def begin_regions(
    connection: Connection, names: Mapping[str, str], on: date, source: str
) -> int:
    """From `on` each code is a place of that name. Returns how many began or were renamed."""
    if not names:
        return 0
    return _count(await connection.execute(_BEGIN, *_columns(names), source, on))


async def end_regions(connection: Connection, codes: Iterable[str], on: date) -> int:
    """From `on` these codes are no places any more. Returns how many ended."""
    return _count(await connection.execute(_END, list(codes), on))


async def _enter_earlier(
    connection: Connection, arguments: list[object], valid_from: date | None, valid_to: date
) -> int:
    before = await connection.fetchval("SELECT count(*) FROM region_versions")
    await connection.execute(_ENTER_EARLIER, *arguments, valid_from, valid_to)
    after = await connection.fetchval("SELECT count(*) FROM region_versions")
    return int(after - before)


def _columns(names: Mapping[str, str]) -> list[object]:
    return [
        list(names),
        list(names.values()),
        [level_of(code).value for code in names],
        [parent_of(code) for code in names],
    ]


def _count(tag: str) -> int:
    return int(tag.split()[-1])
