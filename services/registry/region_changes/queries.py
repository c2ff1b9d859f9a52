"""Reading changes of the map, and the past and present of an area."""

from datetime import date
from uuid import UUID

from services.registry.errors import RegionNotFound
from services.registry.region_changes.models import RegionChange
from services.registry.region_changes.rules import ChangeStatus, Step
from services.registry.region_changes.schemas import (
    RegionChangeSummary,
    RegionChangeView,
    RegionEvent,
    RegionHistory,
    StepView,
)
from services.registry.regions.schemas import RegionView
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

# What an area became, over any number of changes that took effect and stand. Codes are not given
# twice, so whatever of it is on the map today is the same place.
_TODAY = """
WITH RECURSIVE became (code, at) AS (
    SELECT $1::text, '-infinity'::timestamptz
    UNION
    SELECT s.to_region, c.applied_at FROM became AS b
    JOIN region_steps AS s ON s.from_region = b.code AND s.to_region IS NOT NULL
    JOIN region_changes AS c ON c.id = s.change_id AND c.applied_at > b.at
        AND c.status IN ('applying', 'applied') AND c.reverses IS NULL
        AND NOT EXISTS (SELECT FROM region_changes AS r
                        WHERE r.reverses = c.id AND r.applied_at IS NOT NULL)
)
SELECT DISTINCT code FROM became JOIN regions USING (code)
WHERE (valid_from IS NULL OR valid_from <= $2) AND (valid_to IS NULL OR valid_to > $2)
ORDER BY 1
"""


async def steps_of(change_id: UUID, tx: Tx) -> list[Step]:
    rows = await tx.fetch(
        "SELECT from_region, to_region, from_name, to_name, begins FROM region_steps"
        " WHERE change_id = $1 ORDER BY number",
        change_id,
    )
    return [Step(**row) for row in rows]


async def get_change(change_id: UUID, tx: Tx) -> RegionChangeView:
    """Raises NotFound."""
    change = await tx.require(RegionChange, change_id)
    reversed_by = await tx.fetch_value(
        "SELECT id FROM region_changes WHERE reverses = $1 AND status <> 'failed'", change.id
    )
    steps = [
        StepView(
            from_region=each.from_region,
            from_name=each.from_name,
            to_region=each.to_region,
            to_name=each.to_name,
            begins=each.begins,
        )
        for each in await steps_of(change.id, tx)
    ]
    return RegionChangeView(
        **_summary_of(change).model_dump(),
        remainder=change.remainder,
        reversed_by=reversed_by,
        steps=steps,
    )


async def list_changes(
    region: str | None,
    since: date | None,
    until: date | None,
    status: ChangeStatus | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[RegionChangeSummary]:
    """Changes in the order they were recorded: of a region and the areas inside it and around it,
    effective from `since` until before `until`."""
    found = await tx.find(
        RegionChange,
        "SELECT * FROM region_changes AS c WHERE id > $1 AND ($2::text IS NULL OR EXISTS"
        " (SELECT FROM region_steps AS s WHERE s.change_id = c.id"
        "  AND (starts_with(s.from_region, $2) OR starts_with(s.to_region, $2))))"
        " AND ($3::date IS NULL OR effective_on >= $3) AND ($4::date IS NULL OR effective_on < $4)"
        " AND ($5::text IS NULL OR status = $5) ORDER BY id LIMIT $6",
        id_in(cursor) or BEFORE_ALL,
        region,
        since,
        until,
        status,
        limit + 1,
    )
    items = [_summary_of(each) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def get_region_history(code: str, tx: Tx) -> RegionHistory:
    """The versions of a code, what happened to it, and what the area is today. Raises
    RegionNotFound."""
    versions = await tx.fetch(
        "SELECT code, name, level, parent, valid_from, valid_to, source FROM region_versions"
        " WHERE code = $1 ORDER BY valid_to NULLS LAST",
        code,
    )
    if not versions:
        raise RegionNotFound()
    events = await tx.fetch(
        "SELECT c.id AS change_id, c.kind, c.document, c.effective_on, s.from_region, s.from_name,"
        " s.to_region, s.to_name, s.begins FROM region_steps AS s"
        " JOIN region_changes AS c ON c.id = s.change_id"
        " WHERE (s.from_region = $1 OR s.to_region = $1) AND c.status IN ('applying', 'applied')"
        " ORDER BY c.id, s.number",
        code,
    )
    return RegionHistory(
        code=code,
        versions=[RegionView(**row) for row in versions],
        events=[RegionEvent(**row) for row in events],
        today=await codes_today(code, tx),
    )


async def codes_today(code: str, tx: Tx) -> list[str]:
    """The areas of today that a code stood for: one where it was merged, re-coded or left alone,
    several where it was split, none where it was abolished."""
    rows = await tx.fetch(_TODAY, code, tx.today)
    return [row["code"] for row in rows]


async def present_code(code: str, tx: Tx) -> str:
    """The code by which an area goes today, for what comes late under the one it had: itself
    where it is no longer one area, or never changed."""
    ended = await tx.fetch_value(
        "SELECT 1 FROM regions WHERE code = $1 AND valid_to <= $2", code, tx.today
    )
    if not ended:
        return code
    today = await codes_today(code, tx)
    return today[0] if len(today) == 1 else code


def _summary_of(change: RegionChange) -> RegionChangeSummary:
    return RegionChangeSummary.model_validate(change.model_dump())
