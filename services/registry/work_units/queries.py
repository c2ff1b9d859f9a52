"""Reading work units and who works there."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.registry.limits.queries import limits_of
from services.registry.limits.rules import Limit
from services.registry.work_units.models import UnitKind, WorkUnit, WorkUnitSize
from services.registry.work_units.rules import Tier, responsible_region, tier_of
from services.registry.work_units.schemas import SizeView, WorkerView, WorkUnitView
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import Text, WrongPurpose
from shared.usage import Purpose

_WITH_STAFF = """
SELECT u.*, s.staff FROM work_units AS u
LEFT JOIN work_unit_sizes AS s ON s.work_unit_id = u.id AND s.until IS NULL
"""
# Whose workplace the unit was on a day; of the living of that day, and each once.
_WORKERS = """
SELECT DISTINCT ON (w.person_id) w.person_id, p.name, w.region, w.since, w.until
FROM workplaces AS w JOIN persons AS p ON p.id = w.person_id
WHERE (w.work_unit_id = $1 OR (w.work_unit_id IS NULL AND w.employer_code = $2))
  AND w.since <= $3 AND (w.until IS NULL OR w.until > $3) AND p.status IN ('active', 'deceased')
  AND NOT EXISTS (SELECT FROM deaths AS d WHERE d.person_id = p.id
                  AND d.annulled_at IS NULL AND d.died_on <= $3)
  AND w.person_id > $4
ORDER BY w.person_id, w.since DESC LIMIT $5
"""


async def get_work_unit(work_unit_id: UUID, tx: Tx) -> WorkUnitView:
    """Raises NotFound."""
    unit = await tx.require(WorkUnit, work_unit_id)
    return view_of(unit, await size_today(unit.id, tx))


async def size_today(work_unit_id: UUID, tx: Tx) -> int | None:
    size: int | None = await tx.fetch_value(
        "SELECT staff FROM work_unit_sizes WHERE work_unit_id = $1 AND until IS NULL", work_unit_id
    )
    return size


async def list_work_units(
    region: str | None,
    tier: Tier | None,
    kind: UnitKind | None,
    credit_code: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[WorkUnitView]:
    """Units that exist, in the order they were entered. Raises OutsideJurisdiction."""
    rows = await tx.fetch(
        _WITH_STAFF + "WHERE u.region LIKE $1 AND u.closed_on IS NULL"
        " AND ($2::text IS NULL OR u.tier = $2) AND ($3::text IS NULL OR u.kind = $3)"
        " AND ($4::text IS NULL OR u.credit_code = $4) AND u.id > $5 ORDER BY u.id LIMIT $6",
        narrow(tx.actor, region) + "%",
        tier,
        kind,
        credit_code,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [_view_of_row(row) for row in rows[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if rows[limit:] else None)


async def list_sizes(work_unit_id: UUID, tx: Tx) -> Sequence[SizeView]:
    """How large a unit was over time, latest first. Raises NotFound."""
    unit = await tx.require(WorkUnit, work_unit_id)
    sizes = await tx.find(
        WorkUnitSize,
        "SELECT * FROM work_unit_sizes WHERE work_unit_id = $1 ORDER BY since DESC",
        unit.id,
    )
    limits = await limits_of(unit.region, tx)
    return [
        SizeView(
            **size.model_dump(include=SizeView.model_fields.keys() - {"tier"}),
            tier=tier_under(limits, size.staff, bureau_level=unit.bureau_level),
        )
        for size in sizes
    ]


def tier_under(limits: dict[Limit, int], staff: int | None, *, bureau_level: bool) -> Tier:
    """The tier of a unit under the standards of its area."""
    return tier_of(
        staff,
        bureau_level=bureau_level,
        county_from=limits[Limit.UNIT_COUNTY_STAFF],
        township_from=limits[Limit.UNIT_TOWNSHIP_STAFF],
    )


async def list_workers(
    work_unit_id: UUID, on: date | None, limit: int, cursor: str | None, tx: Tx
) -> Page[WorkerView]:
    """The people whose workplace a unit is or was on a day, for the office that serves them; each
    leaves a usage entry. Raises NotFound; WrongPurpose for an employer's own purposes, who sees
    its own filings and never this."""
    if tx.purpose is Purpose.EMPLOYMENT:
        raise WrongPurpose(
            Text(
                "用人单位只能查看自己的备案,不能查看登记名册",
                "An employer sees its own filings, never the register's list",
            )
        )
    unit = await tx.require(WorkUnit, work_unit_id)
    rows = await tx.fetch(
        _WORKERS,
        unit.id,
        unit.credit_code,
        on or tx.today,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [WorkerView(**row) for row in rows[:limit]]
    for each in items:
        tx.saw(each.person_id, "workplace")
    following = encode_cursor(str(items[-1].person_id)) if rows[limit:] else None
    return Page(items=items, next=following)


def view_of(unit: WorkUnit, staff: int | None) -> WorkUnitView:
    tier = Tier(unit.tier)
    return WorkUnitView(
        **unit.model_dump(exclude={"created_at", "created_by"}),
        responsible=responsible_region(tier, unit.region),
        staff=staff,
    )


def _view_of_row(row: asyncpg.Record) -> WorkUnitView:
    values = {name: row[name] for name in WorkUnitView.model_fields if name != "responsible"}
    return WorkUnitView(**values, responsible=responsible_region(Tier(row["tier"]), row["region"]))
