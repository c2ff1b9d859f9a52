"""Finding blind zones and dealing with them: assigned, handed over, settled, taken back."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.registry.blind_zones.models import BlindZone, ZoneDuty, ZonePhase, ZoneStep
from services.registry.blind_zones.queries import get_zone, open_phases
from services.registry.blind_zones.rules import (
    FOLLOWS,
    KIND_OF,
    DutyBasis,
    Finding,
    Found,
    Point,
    ZoneAction,
    ZoneKind,
    ZoneOutcome,
    ZoneStatus,
    may_settle,
    unclear_boundaries,
    zones_on_map,
)
from services.registry.blind_zones.schemas import (
    AssignZone,
    CompletePhase,
    HandOverZone,
    PhaseInput,
    ReportZone,
    ScanView,
    SettleZone,
    UndoStep,
    ZoneView,
)
from services.registry.errors import AlreadyFound, ZoneNotThere
from services.registry.regions.queries import map_on, require_region
from shared.db import Tx
from shared.events.registry import BlindZoneFound
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion, Text

_USED = """
SELECT DISTINCT residence_region AS code FROM persons
WHERE status = 'active' AND residence_region LIKE $1
UNION SELECT DISTINCT hukou_region FROM persons WHERE status = 'active' AND hukou_region LIKE $1
UNION SELECT DISTINCT region FROM dwellings WHERE region LIKE $1
"""
_HALF_EMPTY = """
SELECT d.region, d.estate
FROM dwellings AS d JOIN rooms AS r ON r.dwelling_id = d.id
LEFT JOIN persons AS p ON p.room_id = r.id AND p.status = 'active'
WHERE d.region LIKE $1 AND d.estate IS NOT NULL AND d.use IN ('owner', 'rental')
GROUP BY d.region, d.estate
HAVING count(DISTINCT r.id) >= 20 AND 2 * count(DISTINCT p.room_id) < count(DISTINCT r.id)
ORDER BY 1, 2
"""
_KNOWN = """
SELECT id FROM blind_zones
WHERE finding = $1 AND region = $2 AND other_region IS NOT DISTINCT FROM $3
  AND estate IS NOT DISTINCT FROM $4 AND (outcome IS NULL OR outcome = 'in-order')
"""
_NEW_LOCK = "SELECT pg_advisory_xact_lock(hashtext('blind-zones'))"


async def report_zone(command: ReportZone, tx: Tx) -> ZoneView:
    """Enter a blind zone that somebody saw. Raises OutsideJurisdiction, UnknownRegion,
    AlreadyFound (with `zone_id`)."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    for code in (command.region, command.other_region):
        if code is not None:
            await require_region(code, tx)
    found = Found(Finding.REPORTED, command.region, command.other_region, command.estate)
    zone_id, new = await _enter(found, command.kind, tx, command.note)
    if not new:
        raise AlreadyFound(zone_id=str(zone_id))
    return await get_zone(zone_id, tx)


async def scan_zones(tx: Tx) -> ScanView:
    """Look over the actor's region for places nobody clearly takes care of. What is known already
    is not entered again; what was found in order neither."""
    prefix = tx.actor.region + "%"
    used = [row["code"] for row in await tx.fetch(_USED, prefix)]
    ever = await tx.fetch("SELECT DISTINCT code FROM region_versions WHERE code LIKE $1", prefix)
    found = zones_on_map(
        used, await map_on(tx.today, tx.actor.region, tx), (row["code"] for row in ever)
    )
    found += [
        Found(Finding.HALF_EMPTY_ESTATE, row["region"], None, row["estate"])
        for row in await tx.fetch(_HALF_EMPTY, prefix)
    ]
    points = [
        Point(row["region"], row["longitude"], row["latitude"])
        for row in await tx.fetch(
            "SELECT region, longitude, latitude FROM dwellings"
            " WHERE region LIKE $1 AND longitude IS NOT NULL",
            prefix,
        )
    ]
    found += await asyncio.to_thread(unclear_boundaries, points)
    entered = [await _enter(each, KIND_OF[each.finding], tx) for each in found]
    return ScanView(seen=len(found), new=sum(new for _, new in entered))


async def _enter(
    found: Found, kind: ZoneKind, tx: Tx, note: str | None = None
) -> tuple[UUID, bool]:
    """The blind zone, and whether it is new. One scan or report at a time."""
    await tx.execute(_NEW_LOCK)
    known: UUID | None = await tx.fetch_value(
        _KNOWN, found.finding.value, found.region, found.other_region, found.estate
    )
    if known is not None:
        return known, False
    zone = BlindZone(
        id=new_id(),
        kind=kind,
        finding=found.finding,
        region=found.region,
        other_region=found.other_region,
        estate=found.estate,
        found_at=tx.now,
        found_by=tx.actor.sub,
    )
    if note is not None:
        zone.note_sealed = tx.vault.seal(note, f"blind_zones.note:{zone.id}")
    await tx.add(zone)
    tx.emit(
        BlindZoneFound(
            zone_id=zone.id,
            kind=zone.kind,
            finding=zone.finding,
            region=zone.region,
            other_region=zone.other_region,
            found_on=tx.today,
        )
    )
    return zone.id, True


async def assign_zone(command: AssignZone, zone_id: UUID, version: int, tx: Tx) -> ZoneView:
    """A neighbouring community takes care of it for now, in place of whoever did before. Raises
    NotFound, StaleVersion, OutsideJurisdiction, UnknownRegion, ZoneNotThere."""
    zone = await _zone(zone_id, version, tx, command.caretaker)
    await _check(zone, FOLLOWS[ZoneAction.ASSIGN], command.effective_on, tx)
    before, zone.caretaker = zone.caretaker, command.caretaker
    await _decide(
        zone,
        ZoneAction.ASSIGN,
        ZoneStatus.ASSIGNED,
        command.effective_on,
        command.reason,
        tx,
        offices=(command.caretaker, before),
    )
    await _give_duty(zone, command.caretaker, DutyBasis.CARETAKER, command.effective_on, tx)
    return await get_zone(zone.id, tx)


async def hand_over_zone(command: HandOverZone, zone_id: UUID, version: int, tx: Tx) -> ZoneView:
    """Its duties go over one by one; the caretaker answers until all have. Raises like
    `assign_zone`."""
    zone = await _zone(zone_id, version, tx, command.to_region)
    await _check(zone, FOLLOWS[ZoneAction.HAND_OVER], command.effective_on, tx)
    before, zone.to_region = zone.to_region, command.to_region
    await _decide(
        zone,
        ZoneAction.HAND_OVER,
        ZoneStatus.HANDING_OVER,
        command.effective_on,
        command.reason,
        tx,
        offices=(command.to_region, before),
    )
    await _add_phases(zone, command.phases, tx)
    return await get_zone(zone.id, tx)


async def complete_phase(
    command: CompletePhase, zone_id: UUID, number: int, version: int, tx: Tx
) -> ZoneView:
    """One duty is with its new office. Raises NotFound, StaleVersion, ZoneNotThere for one that is
    done, or while an earlier one is not."""
    zone = await _zone(zone_id, version, tx)
    waiting = await open_phases(zone.id, tx)
    if zone.status != ZoneStatus.HANDING_OVER or not waiting or waiting[0].number != number:
        raise ZoneNotThere(zone_status=zone.status)
    phase = waiting[0]
    begun = await tx.fetch_value(
        "SELECT max(done_on) FROM zone_phases WHERE zone_id = $1 AND NOT withdrawn",
        zone.id,
    )
    last = await _last_step(zone, tx)
    earliest = max(day for day in (begun, last.effective_on if last else None) if day)
    if command.done_on < earliest:
        raise ZoneNotThere(
            Text("早于上一步", "Before the step that came first"), zone_status=zone.status
        )
    phase.done_on, phase.recorded_at, phase.recorded_by = command.done_on, tx.now, tx.actor.sub
    await tx.save(phase)
    await tx.save(zone)
    return await get_zone(zone.id, tx)


async def settle_zone(command: SettleZone, zone_id: UUID, version: int, tx: Tx) -> ZoneView:
    """Handed over: the new office answers from the day on. In order: it never was one, and is not
    found again. Raises NotFound, StaleVersion, ZoneNotThere."""
    zone = await _zone(zone_id, version, tx)
    waiting = await open_phases(zone.id, tx)
    if not may_settle(ZoneStatus(zone.status), command.outcome, len(waiting)):
        raise ZoneNotThere(zone_status=zone.status, phases_open=len(waiting))
    done = await tx.fetch_value(
        "SELECT max(done_on) FROM zone_phases WHERE zone_id = $1 AND NOT withdrawn", zone.id
    )
    await _check(zone, frozenset(ZoneStatus), command.effective_on, tx, done)
    handed_over = command.outcome is ZoneOutcome.HANDED_OVER
    zone.outcome = command.outcome
    await _decide(
        zone,
        ZoneAction.SETTLE,
        ZoneStatus.SETTLED,
        command.effective_on,
        command.reason,
        tx,
        offices=(zone.to_region, zone.caretaker) if handed_over else (None, zone.caretaker),
    )
    if handed_over and zone.to_region:
        await _give_duty(zone, zone.to_region, DutyBasis.OWNER, command.effective_on, tx)
    else:
        await _end_duty(zone, command.effective_on, tx)
    return await get_zone(zone.id, tx)


async def undo_step(command: UndoStep, zone_id: UUID, version: int, tx: Tx) -> ZoneView:
    """Take back the last decision: what it replaced holds again, from the same day. Raises
    NotFound, StaleVersion, ZoneNotThere when there is none."""
    zone = await _zone(zone_id, version, tx)
    last = await _last_step(zone, tx)
    if last is None:
        raise ZoneNotThere(zone_status=zone.status)
    before = ZoneStatus(last.from_status)
    if last.action == ZoneAction.ASSIGN:
        zone.caretaker = last.before_office
        await _take_back_duty(zone, last.effective_on, tx)
    elif last.action == ZoneAction.HAND_OVER:
        zone.to_region = last.before_office
        await tx.execute("UPDATE zone_phases SET withdrawn = true WHERE zone_id = $1", zone.id)
    else:
        zone.outcome = None
        await _take_back_duty(zone, last.effective_on, tx)
    undo = await _decide(zone, ZoneAction.UNDO, before, last.effective_on, command.reason, tx)
    last.undone_by = undo.id
    await tx.save(last)
    return await get_zone(zone.id, tx)


async def _zone(zone_id: UUID, version: int, tx: Tx, office: str | None = None) -> BlindZone:
    """The zone, locked, for an office over it; and `office` is one of today's."""
    zone = await tx.require(BlindZone, zone_id, lock=True)
    if zone.version != version:
        raise StaleVersion()
    if not tx.actor.covers(zone.region) or (office and not tx.actor.covers(office)):
        raise OutsideJurisdiction()
    if office is not None:
        await require_region(office, tx)
    return zone


async def _check(
    zone: BlindZone,
    allowed: frozenset[ZoneStatus],
    day: date,
    tx: Tx,
    not_before: date | None = None,
) -> None:
    """Decisions follow one another, in state and in time."""
    if zone.status not in allowed:
        raise ZoneNotThere(zone_status=zone.status)
    last = await _last_step(zone, tx)
    earliest = [each for each in (last.effective_on if last else None, not_before) if each]
    if earliest and day < max(earliest):
        raise ZoneNotThere(
            Text("早于上一步", "Before the step that came first"), zone_status=zone.status
        )


async def _last_step(zone: BlindZone, tx: Tx) -> ZoneStep | None:
    found = await tx.find(
        ZoneStep,
        "SELECT * FROM zone_steps WHERE zone_id = $1 AND action <> 'undo' AND undone_by IS NULL"
        " ORDER BY id DESC LIMIT 1",
        zone.id,
    )
    return found[0] if found else None


async def _decide(
    zone: BlindZone,
    action: ZoneAction,
    status: ZoneStatus,
    on: date,
    reason: str,
    tx: Tx,
    offices: tuple[str | None, str | None] = (None, None),
) -> ZoneStep:
    """Write the decision down, and save the zone in its new state."""
    step = ZoneStep(
        id=new_id(),
        zone_id=zone.id,
        action=action,
        from_status=zone.status,
        to_status=status,
        effective_on=on,
        office=offices[0],
        before_office=offices[1],
        reason_sealed=b"",
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    step.reason_sealed = tx.vault.seal(reason, f"zone_steps.reason:{step.id}")
    zone.status = status
    await tx.save(zone)
    await tx.add(step)
    return step


async def _add_phases(zone: BlindZone, phases: Sequence[PhaseInput], tx: Tx) -> None:
    for number, each in enumerate(phases, start=1):
        await tx.add(
            ZonePhase(
                id=new_id(),
                zone_id=zone.id,
                number=number,
                duty=each.duty,
                due_on=each.due_on,
                recorded_at=tx.now,
                recorded_by=tx.actor.sub,
            )
        )


async def _give_duty(zone: BlindZone, office: str, basis: DutyBasis, on: date, tx: Tx) -> None:
    await _end_duty(zone, on, tx)
    await tx.add(
        ZoneDuty(
            id=new_id(),
            zone_id=zone.id,
            office=office,
            basis=basis,
            since=on,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )


async def _end_duty(zone: BlindZone, on: date, tx: Tx) -> None:
    await tx.execute(
        "UPDATE zone_duties SET until = $2, recorded_at = $3, recorded_by = $4"
        " WHERE zone_id = $1 AND until IS NULL",
        zone.id,
        on,
        tx.now,
        tx.actor.sub,
    )


async def _take_back_duty(zone: BlindZone, on: date, tx: Tx) -> None:
    """The duty that the decision gave never was; whoever answered until that day answers on."""
    await tx.execute(
        "UPDATE zone_duties SET until = since, withdrawn = true, recorded_at = $2,"
        " recorded_by = $3 WHERE zone_id = $1 AND until IS NULL",
        zone.id,
        tx.now,
        tx.actor.sub,
    )
    await tx.execute(
        "UPDATE zone_duties SET until = NULL, recorded_at = $3, recorded_by = $4 WHERE id ="
        " (SELECT id FROM zone_duties WHERE zone_id = $1 AND until = $2 AND NOT withdrawn"
        "  ORDER BY id DESC LIMIT 1)",
        zone.id,
        on,
        tx.now,
        tx.actor.sub,
    )
