"""Anonymous figures of homes: what is let, and how far services reach. Places, never people."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import asyncpg

from services.registry.dwellings.queries import past_day
from services.registry.dwellings.rules import SMALLEST, suppressed
from services.registry.dwellings.schemas import (
    CoverageCell,
    RentalFigures,
    RentalRegister,
    ServiceCoverage,
)
from shared.actors import narrow
from shared.db import Tx

_FIGURES: Final = ("dwellings", "rooms", "let")
_BELOW: Final = {2: 4, 4: 6, 6: 9, 9: 12}  # digits of an area → of the areas in it
# A room is to let by its own use, or else by its building's; a let room is one under a lease.
_RENTAL = """
SELECT left(d.region, $2) AS area, count(DISTINCT d.id) AS dwellings, count(r.id) AS rooms,
       count(r.id) FILTER (WHERE EXISTS (
           SELECT FROM leases AS l WHERE l.room_id = r.id
           AND l.since <= $3 AND (l.until IS NULL OR l.until > $3))) AS let
FROM dwellings AS d
LEFT JOIN rooms AS r
  ON r.dwelling_id = d.id AND (r.closed_on IS NULL OR r.closed_on > $3)
WHERE d.region LIKE $1 AND coalesce(r.use, d.use) = 'rental'
  AND (d.closed_on IS NULL OR d.closed_on > $3)
GROUP BY area ORDER BY area
"""
_COVERAGE = """
SELECT d.use, d.key_area, count(*) AS dwellings, coalesce(sum(rooms.n), 0) AS rooms,
       count(d.plate_number) AS with_plate, count(d.longitude) AS with_coordinates,
       count(e.manager_org) AS with_liaison
FROM dwellings AS d
LEFT JOIN estates AS e ON e.id = d.estate_id
LEFT JOIN LATERAL (SELECT count(*) AS n FROM rooms
                   WHERE dwelling_id = d.id AND closed_on IS NULL) AS rooms ON true
WHERE d.region LIKE $1 AND d.closed_on IS NULL
GROUP BY d.use, d.key_area ORDER BY d.use, d.key_area
"""


async def get_rental_register(region: str | None, on: date | None, tx: Tx) -> RentalRegister:
    """The rental register of a region and the areas one level below. A figure under ten is not
    told, nor one from which such a figure would follow. Raises OutsideJurisdiction,
    MalformedRequest for a day to come."""
    area, day = narrow(tx.actor, region), past_day(on, tx)
    rows = await tx.fetch(_RENTAL, area + "%", _BELOW.get(len(area), 12), day)
    totals = {name: sum(row[name] for row in rows) for name in _FIGURES}
    hidden = {
        name: suppressed({row["area"]: row[name] for row in rows}, totals[name])
        for name in _FIGURES
    }
    return RentalRegister(
        region=area,
        on=day,
        areas=_areas(rows, hidden) if len(area) < 12 else [],
        **{name: total if total >= SMALLEST else None for name, total in totals.items()},
    )


def _areas(
    rows: Sequence[asyncpg.Record], hidden: Mapping[str, frozenset[str]]
) -> list[RentalFigures]:
    return [
        RentalFigures(
            region=row["area"],
            **{name: None if row["area"] in hidden[name] else row[name] for name in _FIGURES},
        )
        for row in rows
    ]


async def get_service_coverage(region: str | None, tx: Tx) -> ServiceCoverage:
    """Counts of homes by use and kind of area (重点区域). Raises OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    rows = await tx.fetch(_COVERAGE, area + "%")
    counted = set(CoverageCell.model_fields) - {"use", "key_area"}
    return ServiceCoverage(
        region=area,
        cells=[
            CoverageCell(
                use=row["use"],
                key_area=row["key_area"],
                **{name: row[name] if row[name] >= SMALLEST else None for name in counted},
            )
            for row in rows
        ],
    )
