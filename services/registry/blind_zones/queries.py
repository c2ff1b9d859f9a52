"""Reading blind zones, and who answers for a place."""

from datetime import date
from uuid import UUID

from services.registry.blind_zones.models import BlindZone, ZonePhase, ZoneStep
from services.registry.blind_zones.rules import ZoneKind, ZoneStatus
from services.registry.blind_zones.schemas import (
    PhaseView,
    ResponsibleOffice,
    ZoneStepView,
    ZoneSummary,
    ZoneView,
)
from services.registry.region_changes.queries import codes_today
from services.registry.regions.queries import past_day, region_name_on, require_region
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

# The narrowest blind zone around a place that somebody answered for on the day. An estate's zone is
# about that estate alone.
_DUTY = """
SELECT z.id, z.status, d.office, d.basis FROM blind_zones AS z
JOIN zone_duties AS d ON d.zone_id = z.id AND NOT d.withdrawn AND d.since <= $3
    AND (d.until IS NULL OR d.until > $3)
WHERE z.region = ANY($1) AND (z.estate IS NULL OR z.estate = $2)
ORDER BY z.estate NULLS LAST, length(z.region) DESC, d.since DESC, z.id DESC LIMIT 1
"""
_OPEN = """
SELECT id, status FROM blind_zones
WHERE region = $1 AND (estate IS NULL OR estate = $2) AND status <> 'settled'
ORDER BY estate NULLS LAST, id DESC LIMIT 1
"""


async def get_zone(zone_id: UUID, tx: Tx) -> ZoneView:
    """Raises NotFound."""
    zone = await tx.require(BlindZone, zone_id)
    phases = await tx.find(
        ZonePhase,
        "SELECT * FROM zone_phases WHERE zone_id = $1 AND NOT withdrawn ORDER BY number",
        zone.id,
    )
    steps = await tx.find(
        ZoneStep, "SELECT * FROM zone_steps WHERE zone_id = $1 ORDER BY id", zone.id
    )
    note = zone.note_sealed
    return ZoneView(
        **_summary_of(zone).model_dump(),
        note=None if note is None else tx.vault.open(note, f"blind_zones.note:{zone.id}"),
        phases=[PhaseView.model_validate(each.model_dump()) for each in phases],
        steps=[_step_view(each, tx) for each in steps],
    )


async def list_zones(
    region: str | None,
    kind: ZoneKind | None,
    status: ZoneStatus | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[ZoneSummary]:
    """Blind zones of a region, in the order they were found; those it takes care of, borders on
    or takes over included. Raises OutsideJurisdiction."""
    found = await tx.find(
        BlindZone,
        "SELECT * FROM blind_zones WHERE id > $1 AND (starts_with(region, $2)"
        " OR starts_with(other_region, $2) OR starts_with(caretaker, $2)"
        " OR starts_with(to_region, $2)) AND ($3::text IS NULL OR kind = $3)"
        " AND ($4::text IS NULL OR status = $4) ORDER BY id LIMIT $5",
        id_in(cursor) or BEFORE_ALL,
        narrow(tx.actor, region),
        kind,
        status,
        limit + 1,
    )
    items = [_summary_of(each) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def open_phases(zone_id: UUID, tx: Tx) -> list[ZonePhase]:
    """The duties that are not handed over yet, the next one first."""
    return await tx.find(
        ZonePhase,
        "SELECT * FROM zone_phases WHERE zone_id = $1 AND NOT withdrawn AND done_on IS NULL"
        " ORDER BY number",
        zone_id,
    )


async def get_responsible_office(
    region: str, estate: str | None, on: date | None, tx: Tx
) -> ResponsibleOffice:
    """Who answers for a place on a day (default: today). Raises OutsideJurisdiction, UnknownRegion
    for a place that was none on the day and became no other, MalformedRequest for a day to come.
    """
    narrow(tx.actor, region)
    day = past_day(on, tx)
    area, basis = region, "own" if len(region) == 12 else "above"
    if await region_name_on(region, day, tx) is None:
        area, basis = await _around_or_after(region, day, tx)
    around = [area[:length] for length in (6, 9, 12) if length <= len(area)]
    duty = await tx.fetch_row(_DUTY, around, estate, day)
    zone = duty or await tx.fetch_row(_OPEN, area, estate)
    office = duty["office"] if duty else area
    return ResponsibleOffice(
        region=region,
        on=day,
        office=office,
        office_name=await region_name_on(office, day, tx),
        basis=duty["basis"] if duty else basis,
        zone_id=zone["id"] if zone else None,
        zone_status=ZoneStatus(zone["status"]) if zone else None,
    )


async def _around_or_after(region: str, day: date, tx: Tx) -> tuple[str, str]:
    """For a code that was no area on the day: the one area it became, or the one around it."""
    became = await codes_today(region, tx)
    if len(became) == 1 and await region_name_on(became[0], day, tx) is not None:
        return became[0], "successor"
    for length in (9, 6):
        if length < len(region) and await region_name_on(region[:length], day, tx) is not None:
            return region[:length], "above"
    await require_region(region, tx, on=day)
    return region, "own"


def _summary_of(zone: BlindZone) -> ZoneSummary:
    return ZoneSummary.model_validate(zone.model_dump())


def _step_view(step: ZoneStep, tx: Tx) -> ZoneStepView:
    return ZoneStepView(
        **step.model_dump(
            include={
                "action",
                "from_status",
                "to_status",
                "effective_on",
                "office",
                "recorded_at",
                "recorded_by",
            }
        ),
        reason=tx.vault.open(step.reason_sealed, f"zone_steps.reason:{step.id}"),
        undone=step.undone_by is not None,
    )
