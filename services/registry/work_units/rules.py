"""Decisions about work units, without any I/O."""

from enum import StrEnum
from typing import Final

from shared.codes import RegionLevel


class Tier(StrEnum):
    """Whose work unit it is (分级管理): the office that serves it."""

    COUNTY = "county"
    TOWNSHIP = "township"
    COMMUNITY = "community"


_DIGITS: Final = {Tier.COUNTY: 6, Tier.TOWNSHIP: 9, Tier.COMMUNITY: 12}
LEVELS: Final = {
    Tier.COUNTY: RegionLevel.COUNTY,
    Tier.TOWNSHIP: RegionLevel.TOWNSHIP,
    Tier.COMMUNITY: RegionLevel.VILLAGE,
}


def tier_of(staff: int | None, *, bureau_level: bool, county_from: int, township_from: int) -> Tier:
    """The tier of a unit: a bureau-level one (局级) is the county's whatever its size; a unit whose
    size is not known is the community's, like any small one."""
    if bureau_level or (staff is not None and staff >= county_from):
        return Tier.COUNTY
    if staff is not None and staff >= township_from:
        return Tier.TOWNSHIP
    return Tier.COMMUNITY


def responsible_region(tier: Tier, village: str) -> str:
    """The code of the area whose office serves a unit that stands in `village`."""
    return village[: _DIGITS[tier]]
