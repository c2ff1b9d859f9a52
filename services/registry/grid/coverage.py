"""Which households and buildings are served by which post, counted where the data lies.

A household is served where it lives: at the building of its head, else at the place of the head's
residence, else where it is registered. Its post is the one it was given to itself (while it lives
in that village), else that of its building, else that of its part of the village.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from services.registry.grid.rules import (
    WITH_AREA,
    Coverage,
    Level,
    Load,
    coordinators_due,
    coverage_of,
    load_of,
)
from services.registry.grid.schemas import (
    CommunityCoverage,
    CoverageView,
    GapView,
    HouseholdsPerLiaison,
)
from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.statistics.rules import area_inside
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

# $1 is the prefix of the area asked for.
SERVED = """
homes AS (
  SELECT DISTINCT ON (h.id) h.id AS household_id, d.id AS dwelling_id,
         coalesce(d.region, p.residence_region, h.region) AS region,
         coalesce(e.name, d.estate) AS estate
  FROM households AS h
  LEFT JOIN persons AS p
    ON p.household_id = h.id AND p.household_relation = '0' AND p.status = 'active'
  LEFT JOIN rooms AS r ON r.id = p.room_id
  LEFT JOIN dwellings AS d ON d.id = r.dwelling_id AND d.closed_on IS NULL
  LEFT JOIN estates AS e ON e.id = d.estate_id
  WHERE h.closed_at IS NULL
    AND starts_with(coalesce(d.region, p.residence_region, h.region), $1)
  ORDER BY h.id, p.id),
served AS (
  SELECT homes.*, coalesce(ah.post_id, ad.post_id, ae.post_id) AS post_id
  FROM homes
  LEFT JOIN post_areas AS ah ON ah.household_id = homes.household_id
    AND ah.region = homes.region AND ah.until IS NULL
  LEFT JOIN post_areas AS ad ON ad.dwelling_id = homes.dwelling_id AND ad.until IS NULL
  LEFT JOIN post_areas AS ae
    ON ae.region = homes.region AND ae.estate = homes.estate AND ae.until IS NULL)
"""
# A building without a post of its own counts as served when every household in it is.
BUILDINGS = f"""{SERVED},
inside AS (
  SELECT dwelling_id, count(*) AS households, count(*) FILTER (WHERE post_id IS NULL) AS unserved,
         (array_agg(post_id ORDER BY household_id))[1] AS post_id
  FROM served WHERE dwelling_id IS NOT NULL GROUP BY dwelling_id),
buildings AS (
  SELECT d.id, d.region, d.number, d.longitude, d.latitude,
         coalesce(i.households, 0) AS households,
         coalesce(ad.post_id, ae.post_id, CASE WHEN i.unserved = 0 THEN i.post_id END) AS post_id
  FROM dwellings AS d
  LEFT JOIN estates AS e ON e.id = d.estate_id
  LEFT JOIN inside AS i ON i.dwelling_id = d.id
  LEFT JOIN post_areas AS ad ON ad.dwelling_id = d.id AND ad.until IS NULL
  LEFT JOIN post_areas AS ae ON ae.region = d.region
    AND ae.estate = coalesce(e.name, d.estate) AND ae.until IS NULL
  WHERE d.closed_on IS NULL AND starts_with(d.region, $1))
"""  # noqa: S608 texts of our own
_POSTS = """
SELECT p.id, p.number, p.level, p.region, p.parent_id, s.id IS NOT NULL AS held
FROM grid_posts AS p
LEFT JOIN staffings AS s ON s.post_id = p.id AND s.role = 'lead' AND s.until IS NULL
WHERE p.until IS NULL AND starts_with(p.region, $1) ORDER BY p.region, p.number, p.id
"""


@dataclass(slots=True)
class Post:
    """An open post as the coverage sees it; `households` are those it serves itself."""

    id: UUID
    number: str
    level: Level
    region: str
    parent_id: UUID | None
    held: bool
    households: int = 0
    load: Load | None = None

    @property
    def coverage(self) -> Coverage:
        return coverage_of(has_post=True, held=self.held, overloaded=self.load is Load.OVER)


@dataclass(slots=True)
class Place:
    """A group of buildings of one community under one post, with the middle of those that have
    coordinates."""

    region: str
    post_id: UUID | None
    dwellings: int
    placed: int
    longitude: float | None
    latitude: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """The posts of an area with their loads, its households and buildings by community and post."""

    region: str
    posts: Mapping[UUID, Post]
    households: Sequence[tuple[str, UUID | None, int]]
    places: Sequence[Place]
    names: Mapping[str, str]
    coordinator_step: int

    def coverage_under(self, post_id: UUID | None) -> Coverage:
        post = self.posts.get(post_id) if post_id is not None else None
        return post.coverage if post else Coverage.NONE


async def read_grid(region: str | None, tx: Tx) -> Grid:
    """The grid of an area; of the caller's own when none is named. Raises OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    counted = await tx.fetch(
        f"WITH {SERVED} SELECT region, post_id, count(*) AS households FROM served"  # noqa: S608
        " GROUP BY region, post_id",
        area,
    )
    places = await tx.fetch(
        f"WITH {BUILDINGS} SELECT region, post_id, count(*) AS dwellings,"  # noqa: S608
        " count(longitude) AS placed, avg(longitude) AS longitude, avg(latitude) AS latitude"
        " FROM buildings GROUP BY region, post_id",
        area,
    )
    posts = await read_posts(area, counted, tx)
    codes = {row["region"] for row in [*counted, *places]} | {p.region for p in posts.values()}
    names = await tx.fetch(
        "SELECT code, name FROM regions WHERE code = ANY($1::text[])", [*codes, area]
    )
    limits = await limits_of(area, tx)
    return Grid(
        region=area,
        posts=posts,
        households=[(row["region"], row["post_id"], row["households"]) for row in counted],
        places=[Place(**row) for row in places],
        names={row["code"]: row["name"] for row in names},
        coordinator_step=limits[Limit.COORDINATOR_HOUSEHOLDS],
    )


async def read_posts(area: str, counted: Sequence[asyncpg.Record], tx: Tx) -> dict[UUID, Post]:
    """The open posts of an area, with the households `counted` by post."""
    limits = await limits_of(area, tx)
    least, most = limits[Limit.LIAISON_HOUSEHOLDS_LEAST], limits[Limit.LIAISON_HOUSEHOLDS_MOST]
    posts = {
        row["id"]: Post(
            id=row["id"],
            number=row["number"],
            level=Level(row["level"]),
            region=row["region"],
            parent_id=row["parent_id"],
            held=row["held"],
        )
        for row in await tx.fetch(_POSTS, area)
    }
    for row in counted:
        if row["post_id"] in posts:
            posts[row["post_id"]].households += row["households"]
    for post in posts.values():
        if has_area(post):
            post.load = load_of(post.households, least, most)
    return posts


def has_area(post: Post) -> bool:
    """Whether a post goes from door to door itself: a building head does; a liaison officer with
    building heads beneath her need not."""
    return post.level is Level.BUILDING_HEAD or (post.level in WITH_AREA and post.households > 0)


async def get_coverage(region: str | None, tx: Tx) -> CoverageView:
    """How well an area is served, by community. Raises OutsideJurisdiction."""
    return summary_of(await read_grid(region, tx))


def summary_of(grid: Grid) -> CoverageView:
    codes = sorted(
        {code for code, _, _ in grid.households}
        | {place.region for place in grid.places}
        | {post.region for post in grid.posts.values()}
    )
    communities = [_community(grid, code) for code in codes]
    counts = {
        name: sum(getattr(each, name) for each in communities)
        for name in CommunityCoverage.model_fields
        if name not in ("region", "name")
    }
    total = CommunityCoverage(
        region=grid.region, name=grid.names.get(grid.region, grid.region), **counts
    )
    return CoverageView(total=total, communities=communities)


def _community(grid: Grid, code: str) -> CommunityCoverage:
    posts = [post for post in grid.posts.values() if post.region == code]
    levels = [post.level for post in posts]
    states = {state: 0 for state in Coverage}
    for region, post_id, households in grid.households:
        if region == code:
            states[grid.coverage_under(post_id)] += households
    places = [place for place in grid.places if place.region == code]
    households = sum(states.values())
    return CommunityCoverage(
        region=code,
        name=grid.names.get(code, code),
        coordinators=levels.count(Level.COORDINATOR),
        coordinators_due=coordinators_due(households, grid.coordinator_step),
        liaisons=levels.count(Level.LIAISON),
        building_heads=levels.count(Level.BUILDING_HEAD),
        vacant=sum(not post.held for post in posts),
        underloaded=sum(post.load is Load.UNDER for post in posts),
        overloaded=sum(post.load is Load.OVER for post in posts),
        households=households,
        households_served=states[Coverage.SERVED] + states[Coverage.OVERLOADED],
        households_vacant=states[Coverage.VACANT],
        households_without=states[Coverage.NONE],
        dwellings=sum(place.dwellings for place in places),
        dwellings_without=sum(place.dwellings for place in places if place.post_id is None),
    )


async def households_per_liaison(region: str | None, tx: Tx) -> list[HouseholdsPerLiaison]:
    """For statistics: households that are served now, and the held posts that serve them from door
    to door, of an area and of each area directly inside it. Raises OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    counted = await tx.fetch(
        f"WITH {SERVED} SELECT post_id, count(*) AS households FROM served GROUP BY post_id",  # noqa: S608
        area,
    )
    figures = {area: HouseholdsPerLiaison(region=area, households=0, liaisons=0)}
    for post in (await read_posts(area, counted, tx)).values():
        for place in {area, area_inside(area, post.region)} if post.held else ():
            figure = figures.setdefault(
                place, HouseholdsPerLiaison(region=place, households=0, liaisons=0)
            )
            figure.households += post.households
            figure.liaisons += post.load is not None
    return [figures[place] for place in sorted(figures)]


async def list_gaps(
    of: str, region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[GapView]:
    """Households (or buildings, for `of` "dwellings") that nobody serves, or whose post has
    nobody, by id. Raises OutsideJurisdiction."""
    households = of == "households"
    source = (
        "SELECT household_id AS id, household_id, dwelling_id, region, post_id FROM served"
        if households
        else "SELECT id, NULL::uuid AS household_id, id AS dwelling_id, region, post_id"
        " FROM buildings"
    )
    rows = await tx.fetch(
        f"WITH {SERVED if households else BUILDINGS} SELECT g.* FROM ({source}) AS g"  # noqa: S608
        " WHERE g.id > $2 AND NOT EXISTS (SELECT FROM staffings AS s WHERE s.post_id = g.post_id"
        " AND s.role = 'lead' AND s.until IS NULL) ORDER BY g.id LIMIT $3",
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [
        GapView(
            household_id=row["household_id"],
            dwelling_id=row["dwelling_id"],
            region=row["region"],
            coverage=Coverage.NONE if row["post_id"] is None else Coverage.VACANT,
        )
        for row in rows[:limit]
    ]
    following = encode_cursor(str(rows[limit - 1]["id"])) if rows[limit:] else None
    return Page(items=items, next=following)


@dataclass(frozen=True, slots=True)
class Building:
    """A building of a village on the map."""

    number: str
    longitude: float | None
    latitude: float | None
    households: int
    post_id: UUID | None


async def read_buildings(village: str, tx: Tx) -> Sequence[Building]:
    """Every building of a village or community with the post that serves it."""
    rows = await tx.fetch(
        f"WITH {BUILDINGS} SELECT number, longitude, latitude, households, post_id"  # noqa: S608
        " FROM buildings ORDER BY number",
        village,
    )
    return [Building(**row) for row in rows]
