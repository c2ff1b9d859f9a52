"""Checking the code of a region that somebody wrote. What the registry has not listed is not
doubted: a county may be listed without its villages, and a new service hears of the map later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.migrant.regions.models import KnownRegion
from services.migrant.regions.rules import has_ended, home_today, standing, unknown
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.registry import RegionVersion, list_digest

# Whether a code that is not there can be told from one whose level is not listed.
_LISTED = """
SELECT EXISTS (SELECT FROM known_regions
               WHERE code LIKE left($1, CASE WHEN length($1) > 6 THEN 6 ELSE 2 END) || '%'
               AND length(code) = length($1) AND (valid_to IS NULL OR valid_to > $2))
"""
_VERSIONS = """
SELECT code, name, valid_from, valid_to, became FROM known_regions
WHERE code = ANY($1) ORDER BY code, number
"""
_NAMES = "SELECT code, name FROM known_regions WHERE code = ANY($1) ORDER BY code, number"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where somebody lives and where she is from, by the codes of today; `home` has one of earlier
    days where not `of_today`."""

    region: str
    home: str
    of_today: bool


async def whereabouts(
    region: str, on: date, origin_region: str, id_number: str, tx: Tx
) -> Whereabouts:
    """What an arrival says of both, checked in one look at the map: of where she lives as
    `place_of` has it. A home that became one place goes by the code of that. One that was split or
    dissolved stays as it was, and so does a code that no list has but her id number: it was one
    when the number was given. Raises UnknownRegion."""
    county = origin_region[:COUNTY_DIGITS]
    versions = await _versions((region, county), tx)
    home, of_today = origin_region, True
    found = home_today(versions[county], tx.today)
    if found is not None:
        home = origin_region if found == county else found
    elif has_ended(versions[county], tx.today):
        of_today = False
    elif not versions[county] and id_number.startswith(county):
        of_today = not await _is_listed(county, tx)
    else:
        await _present("origin_region", county, tx.today, versions[county], tx)
    return Whereabouts(await _present("region", region, on, versions[region], tx), home, of_today)


async def place_of(region: str, on: date, tx: Tx) -> str:
    """The code of today of where somebody lives since `on`. One that was merged or re-coded since
    goes by its new code, as those do who were registered in time. Raises UnknownRegion."""
    return await _present("region", region, on, (await _versions((region,), tx))[region], tx)


async def require_home(origin_region: str, tx: Tx) -> None:
    """Raises UnknownRegion where the county of a home is none today."""
    county = origin_region[:COUNTY_DIGITS]
    versions = await _versions((county,), tx)
    await _present("origin_region", county, tx.today, versions[county], tx)


async def code_today(region: str, tx: Tx) -> str:
    """The code that a place goes by today, for one that was written down long ago; itself where
    that is not known, whatever was written."""
    if not region.isdecimal():
        return region
    versions = (await _versions((region,), tx))[region]
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


async def _present(
    field: str, code: str, on: date, versions: Sequence[RegionVersion], tx: Tx
) -> str:
    found = standing(versions, on, tx.today)
    if found is not None:
        return found
    if not versions and not await _is_listed(code, tx):
        return code
    became = versions[-1].became if versions else []
    names = {row["code"]: row["name"] for row in await tx.fetch(_NAMES, became)}
    raise unknown(field, code, versions, names, tx.today)


async def _is_listed(code: str, tx: Tx) -> bool:
    """Whether regions of its level are listed, so that one that is not there is none."""
    return bool(await tx.fetch_value(_LISTED, code, tx.today))


async def _versions(codes: Sequence[str], tx: Tx) -> dict[str, list[RegionVersion]]:
    """Every version of each code, the oldest first."""
    versions: dict[str, list[RegionVersion]] = {code: [] for code in codes}
    for row in await tx.fetch(_VERSIONS, list(versions)):
        versions[row["code"]].append(RegionVersion(**row))
    return versions


def _version(row: KnownRegion) -> RegionVersion:
    return RegionVersion.model_validate(row.model_dump(exclude={"number", "area"}))
