"""Telling which regions there are (区划名录): what other services check a code against."""

from collections.abc import Iterable

from services.registry.region_changes.queries import codes_today
from shared.db import Tx
from shared.events.registry import RegionsListed, RegionVersion, list_digest

# Cities and counties are told by province, townships and villages by township.
_VERSIONS = """
SELECT CASE WHEN length(code) <= 6 THEN left(code, 2) ELSE left(code, 9) END AS area,
       code, name, valid_from, valid_to
FROM region_versions
WHERE (length(code) <= 6 AND $1) OR (length(code) >= 9 AND code LIKE ANY($2))
ORDER BY area, code, valid_to NULLS LAST
"""
_CHANGED = """
SELECT DISTINCT s.from_region FROM region_steps AS s
WHERE s.from_region LIKE ANY($1) AND s.from_region IS DISTINCT FROM s.to_region
"""


async def tell_sought(within: str, held: str, tx: Tx) -> None:
    """Answer whoever holds a list of that digest, area by area, when it is not what there is: a
    new list was loaded, or something was missed."""
    lists = await _lists([f"{within}%"], tx, country=True)
    if lists and list_digest(each for listed in lists for each in listed.versions) != held:
        for listed in lists:
            tx.emit(listed)


async def tell_changed(codes: Iterable[str], tx: Tx) -> None:
    """Tell the townships anew in which something began, ended or got another name."""
    for listed in await _lists(sorted({f"{code[:9]}%" for code in codes}), tx):
        tx.emit(listed)


async def _lists(patterns: list[str], tx: Tx, *, country: bool = False) -> list[RegionsListed]:
    changed = {row["from_region"] for row in await tx.fetch(_CHANGED, patterns)}
    areas: dict[str, list[RegionVersion]] = {}
    for row in await tx.fetch(_VERSIONS, country, patterns):
        over = row["valid_to"] is not None and row["code"] in changed
        became = await codes_today(row["code"], tx) if over else []
        area, version = row["area"], {k: v for k, v in row.items() if k != "area"}
        areas.setdefault(area, []).append(RegionVersion(**version, became=became))
    return [RegionsListed(area=area, versions=versions) for area, versions in areas.items()]
