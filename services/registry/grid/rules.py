"""Decisions about the grid, without any I/O."""

from enum import StrEnum
from typing import Final

from shared.codes import contains


class Level(StrEnum):
    """The four levels of the chain (四级责任链), highest first."""

    COMMUNITY = "community"  # 社区责任人
    COORDINATOR = "coordinator"  # 协管员
    LIAISON = "liaison"  # 联络员 (信息员 in the sources)
    BUILDING_HEAD = "building-head"  # 楼栋长, 中心户


ABOVE: Final[dict[Level, Level | None]] = {
    Level.COMMUNITY: None,
    Level.COORDINATOR: Level.COMMUNITY,
    Level.LIAISON: Level.COORDINATOR,
    Level.BUILDING_HEAD: Level.LIAISON,
}
# Only those who go from door to door have an area of their own.
WITH_AREA: Final = frozenset({Level.LIAISON, Level.BUILDING_HEAD})


class Load(StrEnum):
    """How many households somebody serves, against the standard."""

    UNDER = "under"
    WITHIN = "within"
    OVER = "over"


class Coverage(StrEnum):
    """Whether a household or building is served (覆盖)."""

    SERVED = "served"
    OVERLOADED = "overloaded"  # served by somebody who has too many
    VACANT = "vacant"  # its post has nobody
    NONE = "none"  # no post


class Serving(StrEnum):
    """Who serves a person (三管): the unit its people, the community its residents, both sides
    and the home county those who came from elsewhere."""

    UNIT = "unit"  # 单位人由单位服务
    COMMUNITY = "community"  # 社会人由社区服务
    JOINT = "joint"  # 流动人口共同服务


def load_of(households: int, least: int, most: int) -> Load:
    if households < least:
        return Load.UNDER
    return Load.OVER if households > most else Load.WITHIN


def coverage_of(*, has_post: bool, held: bool, overloaded: bool) -> Coverage:
    if not has_post:
        return Coverage.NONE
    if not held:
        return Coverage.VACANT
    return Coverage.OVERLOADED if overloaded else Coverage.SERVED


def coordinators_due(households: int, more_than: int) -> int:
    """How many coordinators a community should have: one, and one more beyond the standard (G4)."""
    return 2 if households > more_than else 1


def serving_of(*, migrant: bool, works_at_unit: bool) -> Serving:
    """Which of the three services somebody has a claim to. It says who owes her service, never
    what she owes."""
    if migrant:
        return Serving.JOINT
    return Serving.UNIT if works_at_unit else Serving.COMMUNITY


def homes_share(hukou: str, residence: str | None) -> bool:
    """Whether the place of her household register shares the service with where she lives (人户
    分离): when the two lie in different townships."""
    if residence is None:
        return False
    return not contains(hukou[:9], residence[:9]) and not contains(residence[:9], hukou[:9])
