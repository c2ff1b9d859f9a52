"""Anonymous figures of the register."""

from datetime import date

from services.registry.statistics.rules import Bridge, identity_texts, suppressed_figures
from services.registry.statistics.schemas import PopulationBridgeView
from shared.actors import narrow
from shared.db import Tx
from shared.problems import MalformedRequest, Text

# Each figure is counted for itself, none by subtraction, so that the identities are a check.
_COUNT = """
SELECT count(*) FILTER (WHERE registered OR living) AS total,
       count(*) FILTER (WHERE living AND (registered OR kind = 'usual')) AS usual,
       count(*) FILTER (WHERE registered) AS hukou,
       count(*) FILTER (WHERE registered AND NOT living) AS absent,
       count(*) FILTER (WHERE living AND NOT registered AND kind = 'usual') AS separated,
       count(*) FILTER (WHERE living AND NOT registered AND kind = 'migrant') AS migrants
FROM ({people}) AS people
"""
_TODAY = """
SELECT hukou_region LIKE $1 AS registered, coalesce(residence_region LIKE $1, false) AS living,
       residence_kind AS kind
FROM persons
WHERE status = 'active' AND (hukou_region LIKE $1 OR residence_region LIKE $1)
"""
_ON_A_DAY = """
SELECT p.hukou_region LIKE $1 AS registered, coalesce(r.region LIKE $1, false) AS living, r.kind
FROM persons AS p
LEFT JOIN LATERAL (
    SELECT region, kind FROM residences
    WHERE person_id = p.id AND since <= $2 AND (until IS NULL OR until > $2)
    ORDER BY since DESC, recorded_at DESC LIMIT 1
) AS r ON true
WHERE p.status = 'active' AND p.birth_date <= $2
"""


async def get_population_bridge(
    region: str | None, on: date | None, tx: Tx
) -> PopulationBridgeView:
    """The bridge of a region (default: the actor's) on a day (default: today).

    A past day follows where people lived then; where they were registered, and who is still
    alive, is as of today, for the register does not keep that history yet. Raises
    OutsideJurisdiction, MalformedRequest for a day to come.
    """
    area, day = narrow(tx.actor, region), on or tx.today
    if day > tx.today:
        raise MalformedRequest(Text("日期晚于今天", "The day is still to come"))
    bridge = await count_bridge(area, day, tx)
    hidden = suppressed_figures(bridge)
    shown = {name: None if name in hidden else value for name, value in bridge.figures().items()}
    return PopulationBridgeView(
        region=area,
        on=day,
        suppressed=bool(hidden),
        checks=identity_texts(bridge, hidden),
        **shown,
    )


async def count_bridge(area: str, day: date, tx: Tx) -> Bridge:
    """The figures as they are, for nobody's eyes before `suppressed_figures`."""
    if day == tx.today:
        row = await tx.fetch_row(_COUNT.format(people=_TODAY), area + "%")
    else:
        row = await tx.fetch_row(_COUNT.format(people=_ON_A_DAY), area + "%", day)
    if row is None:
        raise LookupError("an aggregate gives a row")
    return Bridge(**row)
