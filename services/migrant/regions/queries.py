"""Checking the code of a region that somebody wrote. What the registry has not listed is not
doubted: a county may be listed without its villages, and a new service hears of the map later."""

from collections.abc import Sequence
from datetime import date

from services.migrant.regions.models import KnownRegion
from services.migrant.regions.rules import standing, unknown
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.registry import RegionVersion, list_digest

# Whether a code that is not there can be told from one whose level is not listed.
_LISTED = """
SELECT EXISTS (SELECT FROM known_regions
               WHERE code LIKE left($1, CASE WHEN length($1) > 6 THEN 6 ELSE 2 END) || '%'
               AND length(code) = length($1) AND (valid_to IS NULL OR valid_to > $2))
"""
_NAMES = "SELECT code, name FROM known_regions WHERE code = ANY($1) ORDER BY code, number"


async def place_of(region: str, on: date, tx: Tx) -> str:
    """The code of today of where somebody lives since `on`. One that was merged or re-coded since
    goes by its new code, as those do who were registered in time. Raises UnknownRegion."""
    return await _present("region", region, on, tx)


async def require_home(origin_region: str, tx: Tx) -> None:
    """Raises UnknownRegion where the county of a home is none today."""
    await _present("origin_region", origin_region[:COUNTY_DIGITS], tx.today, tx)


async def code_today(region: str, tx: Tx) -> str:
    """The code that a place goes by today, for one that was written down long ago; itself where
    that is not known, whatever was written."""
    if not region.isdecimal():
        return region
    versions = await _versions(region, tx)
    became = versions[-1].became if versions else []
    return became[0] if len(became) == 1 else region


async def name_of(region: str, tx: Tx) -> str:
    """What a place is called, the township before the village; empty where that is not known,
    whatever was written for its code."""
    if not region.isdecimal():
        return ""
    rows = await tx.fetch(_NAMES, [region[:9], region])
    names = {row["code"]: row["name"] for row in rows}
    return " ".join(names.values()) if region in names else ""


async def digest_here(tx: Tx) -> str:
    """The digest of the whole list that is held."""
    return list_digest(_version(each) for each in await tx.find(KnownRegion, "TABLE known_regions"))


async def _present(field: str, code: str, on: date, tx: Tx) -> str:
    versions = await _versions(code, tx)
    found = standing(versions, on, tx.today)
    if found is not None:
        return found
    if not versions and not await tx.fetch_value(_LISTED, code, tx.today):
        return code
    became = versions[-1].became if versions else []
    names = {row["code"]: row["name"] for row in await tx.fetch(_NAMES, became)}
    raise unknown(field, code, versions, names, tx.today)


async def _versions(code: str, tx: Tx) -> Sequence[RegionVersion]:
    """Every version of a code, the oldest first."""
    found = await tx.find(
        KnownRegion, "SELECT * FROM known_regions WHERE code = $1 ORDER BY number", code
    )
    return [_version(each) for each in found]


def _version(row: KnownRegion) -> RegionVersion:
    return RegionVersion.model_validate(row.model_dump(exclude={"number", "area"}))
