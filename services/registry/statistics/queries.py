"""Anonymous figures of the register. The counts here are for nobody's eyes until `rules` and
`suppression` have said what of them may be published."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from services.registry.grid.coverage import households_per_liaison
from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.regions.queries import names_on
from services.registry.statistics.rules import (
    BAND,
    FIGURES,
    OLDEST,
    Bridge,
    Group,
    band_text,
    bridges_of,
    identity_texts,
    suppressed_figures,
)
from services.registry.statistics.schemas import (
    AreaBridge,
    Base,
    BirthCountsView,
    BirthMonth,
    LiaisonLoad,
    LiaisonLoadsView,
    MigrantOriginsView,
    Origin,
    PopulationBridgesView,
    PopulationBridgeView,
    PyramidBand,
    PyramidView,
)
from shared.actors import narrow
from shared.codes import Sex
from shared.db import Tx
from shared.problems import MalformedRequest, Text
from shared.suppression import SMALLEST, published

# Everybody who has to do with a region today: registered there, living there, or both.
_TODAY = """
SELECT hukou_region AS hukou, residence_region AS region, residence_kind AS kind, sex, birth_date
FROM persons
WHERE status = 'active' AND (hukou_region LIKE $1 OR residence_region LIKE $1)
"""
# The same on a past day: who was born and not dead, where she was registered and lived then.
_ON_A_DAY = """
SELECT hukou, region, kind, sex, birth_date
FROM (
    SELECT coalesce(moved.from_region, p.hukou_region) AS hukou, stay.region, stay.kind,
           p.sex, p.birth_date
    FROM persons AS p
    LEFT JOIN LATERAL (
        SELECT from_region FROM hukou_moves
        WHERE person_id = p.id AND moved_on > $2 ORDER BY moved_on, id LIMIT 1
    ) AS moved ON true
    LEFT JOIN LATERAL (
        SELECT region, kind FROM residences
        WHERE person_id = p.id AND since <= $2 AND (until IS NULL OR until > $2)
        ORDER BY since DESC, recorded_at DESC LIMIT 1
    ) AS stay ON true
    WHERE p.status IN ('active', 'deceased') AND p.birth_date <= $2
      AND NOT EXISTS (SELECT FROM deaths
                      WHERE person_id = p.id AND annulled_at IS NULL AND died_on <= $2)
) AS people
WHERE hukou LIKE $1 OR region LIKE $1
"""
_GROUPS = """
SELECT CASE WHEN hukou LIKE $1 THEN hukou END AS hukou,
       CASE WHEN region LIKE $1 THEN region END AS residence, kind, count(*) AS people
FROM ({people}) AS people GROUP BY 1, 2, 3
"""
_BANDS = """
SELECT least(extract(year FROM age({day}, birth_date))::int / {band} * {band}, {oldest}) AS band,
       sex, count(*) AS people
FROM ({people}) AS people WHERE {base} GROUP BY 1, 2
"""
_ORIGINS = """
SELECT left(hukou, 2) AS province, count(*) AS people
FROM ({people}) AS people WHERE {base} GROUP BY 1
"""
_BASES = {
    Base.RESIDENTS: "region LIKE $1",
    Base.REGISTERED: "hukou LIKE $1",
    Base.MIGRANTS: "region LIKE $1 AND hukou NOT LIKE $1 AND kind = 'migrant'",
}


async def get_population_bridge(
    region: str | None, on: date | None, tx: Tx
) -> PopulationBridgeView:
    """The bridge of a region (default: the actor's) on a day (default: today). Raises
    OutsideJurisdiction, MalformedRequest for a day to come."""
    area, day = narrow(tx.actor, region), _day(on, tx)
    bridges, hidden = await _bridges(area, day, tx)
    return PopulationBridgeView(**_figures(area, bridges, hidden), region=area, on=day)


async def get_population_bridges(
    region: str | None, on: date | None, tx: Tx
) -> PopulationBridgesView:
    """The bridge of a region and of each area directly inside it. Raises like
    `get_population_bridge`."""
    area, day = narrow(tx.actor, region), _day(on, tx)
    bridges, hidden = await _bridges(area, day, tx)
    inside = [code for code in bridges if code != area and code.startswith(area)]
    depth = min((len(code) for code in inside), default=0)
    parts = sorted(code for code in inside if len(code) == depth)
    names = await names_on([area, *parts], day, tx)
    views = [
        AreaBridge(**_figures(code, bridges, hidden), region=code, name=names.get(code))
        for code in [area, *parts]
    ]
    return PopulationBridgesView(region=area, on=day, whole=views[0], parts=views[1:])


async def get_pyramid(region: str | None, on: date | None, base: Base, tx: Tx) -> PyramidView:
    """The people of a region by sex and age in bands of five years; rounded, none under ten.
    Raises like `get_population_bridge`."""
    area, day = narrow(tx.actor, region), _day(on, tx)
    text = _BANDS.format(
        people=_people(day, tx), base=_BASES[base], day=f"date '{day}'", band=BAND, oldest=OLDEST
    )
    counts: Counter[tuple[int, str]] = Counter()
    for row in await tx.fetch(text, *_arguments(area, day, tx)):
        counts[row["band"], row["sex"]] += row["people"]
    return PyramidView(
        region=area,
        on=day,
        base=base,
        total=published(counts.total()),
        bands=[
            PyramidBand(
                ages=band_text(start),
                men=published(counts[start, Sex.MALE]),
                women=published(counts[start, Sex.FEMALE]),
            )
            for start in range(0, OLDEST + 1, BAND)
        ],
    )


async def get_migrant_origins(region: str | None, on: date | None, tx: Tx) -> MigrantOriginsView:
    """Migrants by the province of their household register, most first; rounded, none under
    ten. Raises like `get_population_bridge`."""
    area, day = narrow(tx.actor, region), _day(on, tx)
    text = _ORIGINS.format(people=_people(day, tx), base=_BASES[Base.MIGRANTS])
    counts = {
        row["province"]: row["people"] for row in await tx.fetch(text, *_arguments(area, day, tx))
    }
    names = await names_on(counts, day, tx)
    shown = sorted(
        (
            Origin(province=code, name=names.get(code), people=people)
            for code, count in counts.items()
            if (people := published(count)) is not None
        ),
        key=lambda origin: (-origin.people, origin.province),
    )
    return MigrantOriginsView(
        region=area,
        on=day,
        total=published(sum(counts.values())),
        origins=shown,
        others=published(sum(counts.values()) - sum(counts[each.province] for each in shown)),
    )


async def get_liaison_loads(region: str | None, tx: Tx) -> LiaisonLoadsView:
    """Households and those who serve them from door to door, of a region and each area directly
    inside it, today. Raises OutsideJurisdiction."""
    figures = await households_per_liaison(region, tx)
    names = await names_on([each.region for each in figures], tx.today, tx)
    limits = await limits_of(figures[0].region, tx)
    rows = [
        LiaisonLoad(
            region=each.region,
            name=names.get(each.region),
            households=each.households if each.households >= SMALLEST else None,
            liaisons=each.liaisons,
            each=round(each.households / each.liaisons, 1)
            if each.liaisons and each.households >= SMALLEST
            else None,
        )
        for each in figures
    ]
    return LiaisonLoadsView(
        region=figures[0].region,
        on=tx.today,
        least=limits[Limit.LIAISON_HOUSEHOLDS_LEAST],
        most=limits[Limit.LIAISON_HOUSEHOLDS_MOST],
        whole=rows[0],
        parts=rows[1:],
    )


async def get_birth_counts(region: str | None, year: int, tx: Tx) -> BirthCountsView:
    """Registered births of a year by month and sex; rounded, none under ten. Raises
    OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    rows = await tx.fetch(
        "SELECT extract(month FROM born_on)::int AS month, sex, count(*) AS births FROM births"
        " WHERE region LIKE $1 AND born_on >= $2 AND born_on < $3 AND annulled_at IS NULL"
        " GROUP BY 1, 2",
        area + "%",
        date(year, 1, 1),
        date(year + 1, 1, 1),
    )
    counts = {(row["month"], row["sex"]): row["births"] for row in rows}

    def of(sex: Sex, months: Iterable[int] = range(1, 13)) -> int | None:
        return published(sum(counts.get((month, sex), 0) for month in months))

    return BirthCountsView(
        region=area,
        year=year,
        boys=of(Sex.MALE),
        girls=of(Sex.FEMALE),
        months=[
            BirthMonth(
                month=f"{year}-{month:02}",
                boys=of(Sex.MALE, [month]),
                girls=of(Sex.FEMALE, [month]),
            )
            for month in range(1, 13)
        ],
    )


async def count_bridge(area: str, day: date, tx: Tx) -> Bridge:
    """The figures as they are, for nobody's eyes before `suppressed_figures`."""
    return bridges_of(await _groups(area, day, tx), area)[area]


async def name_of(area: str, day: date, tx: Tx) -> str:
    """The name of an area on a day, or its code where it is not listed."""
    return (await names_on([area], day, tx)).get(area, area)


async def _bridges(
    area: str, day: date, tx: Tx
) -> tuple[dict[str, Bridge], dict[str, frozenset[str]]]:
    """All bridges of the caller's region, whichever part was asked for: what may be shown of an
    area depends on what is shown of the areas beside it."""
    bridges = bridges_of(await _groups(tx.actor.region, day, tx), tx.actor.region)
    bridges.setdefault(area, Bridge())
    return bridges, suppressed_figures(bridges)


async def _groups(root: str, day: date, tx: Tx) -> list[Group]:
    text = _GROUPS.format(people=_people(day, tx))
    return [Group(*row.values()) for row in await tx.fetch(text, *_arguments(root, day, tx))]


def _people(day: date, tx: Tx) -> str:
    return _TODAY if day == tx.today else _ON_A_DAY


def _arguments(area: str, day: date, tx: Tx) -> tuple[str | date, ...]:
    return (area + "%",) if day == tx.today else (area + "%", day)


def _figures(
    area: str, bridges: dict[str, Bridge], hidden: dict[str, frozenset[str]]
) -> dict[str, object]:
    bridge = bridges[area]
    shown = {name: None if name in hidden[area] else getattr(bridge, name) for name in FIGURES}
    checks = identity_texts(bridge, hidden[area])
    return {**shown, "suppressed": bool(hidden[area]), "checks": checks}


def _day(on: date | None, tx: Tx) -> date:
    day = on or tx.today
    if day > tx.today:
        raise MalformedRequest(Text("日期晚于今天", "The day is still to come"))
    return day
