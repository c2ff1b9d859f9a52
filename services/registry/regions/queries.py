"""Reading the map, today's and that of any earlier day, and whether a code somebody wrote is one.

The view `region_versions` holds every version of every code with the days it was valid.
"""

import time
from collections.abc import Iterable
from datetime import date

from services.registry.errors import RegionNotFound, UnknownRegion
from services.registry.regions.schemas import RegionDetail, RegionName, RegionView
from shared.codes import RegionLevel
from shared.db import Tx
from shared.pages import Page, encode_cursor, text_in
from shared.problems import MalformedRequest, Text

# A code is known when it is valid on the day, or when the list of its county does not go down to
# its level: a county outside ours is usually loaded without its villages, and Taiwan, Hong Kong and
# Macao (71, 81, 82) are not loaded at all.
_KNOWN = """
WITH valid AS NOT MATERIALIZED (
    SELECT code, parent FROM region_versions
    WHERE (valid_from IS NULL OR valid_from <= $2) AND (valid_to IS NULL OR valid_to > $2)
)
SELECT asked.code FROM unnest($1::text[]) AS asked (code)
WHERE EXISTS (SELECT FROM valid WHERE valid.code = asked.code)
   OR (length(asked.code) > 6
       AND EXISTS (SELECT FROM valid WHERE valid.code = left(asked.code, 6))
       AND NOT EXISTS (SELECT FROM valid AS township
                       WHERE township.parent = left(asked.code, 6)
                       AND (length(asked.code) = 9 OR EXISTS (
                           SELECT FROM valid AS village WHERE village.parent = township.code))))
   OR asked.code IN ('71', '81', '82')
"""
_ON = "(valid_from IS NULL OR valid_from <= $1::date) AND (valid_to IS NULL OR valid_to > $1::date)"
_KEEP_SECONDS = 300
_KEEP_CODES = 50_000
_known_until: dict[str, float] = {}


async def known_regions(codes: Iterable[str], tx: Tx, *, on: date | None = None) -> set[str]:
    """Those of `codes` that are regions, today or on another day. What was known today is
    remembered for five minutes; what was not is asked again."""
    if on is not None and on != tx.today:
        return {row["code"] for row in await tx.fetch(_KNOWN, sorted(set(codes)), on)}
    now = time.monotonic()
    asked = set(codes)
    known = {code for code in asked if _known_until.get(code, 0) > now}
    if missing := asked - known:
        found = {row["code"] for row in await tx.fetch(_KNOWN, sorted(missing), tx.today)}
        if len(_known_until) + len(found) > _KEEP_CODES:
            _known_until.clear()
        _known_until.update(dict.fromkeys(found, now + _KEEP_SECONDS))
        known |= found
    return known


def forget_known_regions() -> None:
    """Ask the table again from now on."""
    _known_until.clear()


async def require_region(code: str, tx: Tx, *, on: date | None = None) -> None:
    """Raises UnknownRegion when `code` is no region that exists on the day (default: today). Its
    `reason` is unknown, abolished or not-yet; `valid_to` or `valid_from` is the day of that."""
    if await known_regions([code], tx, on=on):
        return
    day = on or tx.today
    versions = await tx.fetch(
        "SELECT valid_from, valid_to FROM region_versions WHERE code = $1"
        " AND valid_from IS DISTINCT FROM valid_to ORDER BY valid_to NULLS LAST",
        code,
    )
    ended = [each["valid_to"] for each in versions if each["valid_to"] and each["valid_to"] <= day]
    begins = [
        each["valid_from"] for each in versions if each["valid_from"] and each["valid_from"] > day
    ]
    if ended:
        raise UnknownRegion(
            Text(f"区划 {code} 已于 {ended[-1]} 撤销", f"Region {code} was abolished {ended[-1]}"),
            reason="abolished",
            valid_to=ended[-1].isoformat(),
        )
    if begins:
        raise UnknownRegion(
            Text(
                f"区划 {code} 自 {begins[0]} 起设立",
                f"Region {code} did not exist before {begins[0]}",
            ),
            reason="not-yet",
            valid_from=begins[0].isoformat(),
        )
    raise UnknownRegion(
        Text(f"没有区划代码 {code}", f"There is no region {code}"), reason="unknown"
    )


async def list_regions(
    parent: str | None,
    level: RegionLevel | None,
    q: str | None,
    on: date | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[RegionView]:
    """The regions of a day (default: today) by code. `q` is a part of the name, or the first
    digits of the code. Raises MalformedRequest for a day to come."""
    rows = await tx.fetch(
        "SELECT code, name, level, parent, valid_from, valid_to, source FROM region_versions"  # noqa: S608 a constant
        f" WHERE {_ON} AND code > $2 AND ($3::text IS NULL OR parent = $3)"
        " AND ($4::text IS NULL OR level = $4)"
        " AND ($5::text IS NULL OR strpos(name, $5) > 0 OR starts_with(code, $5))"
        " ORDER BY code LIMIT $6",
        past_day(on, tx),
        text_in(cursor) if cursor else "",
        parent,
        level,
        q,
        limit + 1,
    )
    items = [RegionView(**row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(items[-1].code) if len(rows) > limit else None)


async def get_region(code: str, on: date | None, tx: Tx) -> RegionDetail:
    """A region as it is, or was last; with `on` as it was on that day. Raises RegionNotFound,
    MalformedRequest for a day to come."""
    row = await tx.fetch_row(
        "SELECT code, name, level, parent, valid_from, valid_to, source FROM region_versions"  # noqa: S608 a constant
        f" WHERE code = $2 AND ($1::date IS NULL OR {_ON})"
        " ORDER BY valid_to DESC NULLS FIRST LIMIT 1",
        None if on is None else past_day(on, tx),
        code,
    )
    if row is None:
        raise RegionNotFound()
    day = on or (
        tx.today if row["valid_to"] is None else last_day(row["valid_from"], row["valid_to"])
    )
    children = await tx.fetch_value(
        f"SELECT count(*) FROM region_versions WHERE {_ON} AND parent = $2",  # noqa: S608 a constant
        day,
        code,
    )
    return RegionDetail(**row, ancestors=await ancestors_on(code, day, tx), children=children)


def last_day(valid_from: date | None, valid_to: date) -> date:
    """The last day of a version; its first when it never came to be."""
    day = date.fromordinal(valid_to.toordinal() - 1)
    return day if valid_from is None else max(day, valid_from)


async def ancestors_on(code: str, day: date, tx: Tx) -> list[RegionName]:
    """What a region lay in on a day, widest first."""
    prefixes = [code[:length] for length in (2, 4, 6, 9) if length < len(code)]
    rows = await tx.fetch(
        f"SELECT code, name, level FROM region_versions WHERE {_ON} AND code = ANY($2)"  # noqa: S608 a constant
        " ORDER BY code",
        day,
        prefixes,
    )
    return [RegionName(**row) for row in rows]


async def region_name_on(code: str, day: date, tx: Tx) -> str | None:
    """What a place was called on a day; None when it was no place then."""
    name: str | None = await tx.fetch_value(
        f"SELECT name FROM region_versions WHERE {_ON} AND code = $2",  # noqa: S608 a constant
        day,
        code,
    )
    return name


async def names_on(codes: Iterable[str], day: date, tx: Tx) -> dict[str, str]:
    """What places were called on a day, of those that are listed; for a day before the list
    begins, as they were called first."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (code) code, name FROM region_versions WHERE code = ANY($2::text[])"  # noqa: S608
        f" ORDER BY code, ({_ON}) DESC, valid_from",
        day,
        list(codes),
    )
    return {row["code"]: row["name"] for row in rows}


async def map_on(day: date, within: str, tx: Tx) -> dict[str, RegionView]:
    """The map of a day inside a region, by code, the region itself included."""
    rows = await tx.fetch(
        "SELECT code, name, level, parent, valid_from, valid_to, source FROM region_versions"  # noqa: S608 a constant
        f" WHERE {_ON} AND code LIKE $2 ORDER BY code",
        day,
        within + "%",
    )
    return {row["code"]: RegionView(**row) for row in rows}


def past_day(on: date | None, tx: Tx) -> date:
    """Today, or a day before it. Raises MalformedRequest for a day to come: what is decided for it
    stands in the changes of the map, and may yet be called off."""
    if on is not None and on > tx.today:
        raise MalformedRequest(Text("日期晚于今天", "The day is still to come"))
    return on or tx.today
