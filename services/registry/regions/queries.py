"""Reading regions, and whether a code that somebody wrote is one."""

import time
from collections.abc import Iterable

from services.registry.errors import RegionNotFound, UnknownRegion
from services.registry.regions.models import Region
from services.registry.regions.schemas import RegionDetail, RegionName, RegionView
from shared.codes import RegionLevel
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest, Text

# A code is known when it is listed and still valid, or when the list of its county does not go
# down to its level: a county outside ours is usually loaded without its villages.
_KNOWN = """
SELECT asked.code FROM unnest($1::text[]) AS asked (code)
WHERE EXISTS (SELECT FROM regions AS r WHERE r.code = asked.code
              AND (r.valid_to IS NULL OR r.valid_to > $2))
   OR (length(asked.code) > 6
       AND EXISTS (SELECT FROM regions AS r WHERE r.code = left(asked.code, 6))
       AND NOT EXISTS (SELECT FROM regions AS township
                       WHERE township.parent = left(asked.code, 6)
                       AND (length(asked.code) = 9 OR EXISTS (
                           SELECT FROM regions AS village WHERE village.parent = township.code))))
"""
_KEEP_SECONDS = 300
_KEEP_CODES = 50_000
_known_until: dict[str, float] = {}


async def known_regions(codes: Iterable[str], tx: Tx) -> set[str]:
    """Those of `codes` that are regions. What was known is remembered for five minutes; what was
    not is asked again."""
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


async def require_region(code: str, tx: Tx) -> None:
    """Raises UnknownRegion when `code` is no region that exists today."""
    if not await known_regions([code], tx):
        raise UnknownRegion(Text(f"没有区划代码 {code}", f"There is no region {code}"))


async def list_regions(
    parent: str | None,
    level: RegionLevel | None,
    q: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[RegionView]:
    """Regions by code. `q` is a part of the name, or the first digits of the code."""
    after = _code_in(cursor) if cursor else ""
    rows = await tx.fetch(
        "SELECT * FROM regions WHERE code > $1 AND ($2::text IS NULL OR parent = $2)"
        " AND ($3::text IS NULL OR level = $3)"
        " AND ($4::text IS NULL OR strpos(name, $4) > 0 OR starts_with(code, $4))"
        " ORDER BY code LIMIT $5",
        after,
        parent,
        level,
        q,
        limit + 1,
    )
    items = [RegionView(**row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(items[-1].code) if len(rows) > limit else None)


async def get_region(code: str, tx: Tx) -> RegionDetail:
    """Raises RegionNotFound."""
    region = await tx.get(Region, code)
    if region is None:
        raise RegionNotFound()
    prefixes = [code[:length] for length in (2, 4, 6, 9) if length < len(code)]
    above = await tx.fetch(
        "SELECT code, name, level FROM regions WHERE code = ANY($1) ORDER BY code", prefixes
    )
    children = await tx.fetch_value("SELECT count(*) FROM regions WHERE parent = $1", code)
    return RegionDetail(
        **region.model_dump(),
        ancestors=[RegionName(**row) for row in above],
        children=children,
    )


def _code_in(cursor: str) -> str:
    key = decode_cursor(cursor)
    if len(key) != 1 or not isinstance(key[0], str):
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
    return key[0]
