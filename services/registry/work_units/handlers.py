"""Writing work units."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import ValidationError

from services.registry.errors import RecordClosed, WorkUnitExists
from services.registry.grid.models import LeaveReason, Staffing
from services.registry.grid.staffing import leave
from services.registry.limits.queries import limits_of
from services.registry.regions.queries import require_region
from services.registry.work_units.models import UnitKind, WorkUnit, WorkUnitSize
from services.registry.work_units.queries import size_today, tier_under, view_of
from services.registry.work_units.rules import Tier
from services.registry.work_units.schemas import (
    CorrectWorkUnit,
    RecordSize,
    RegisterWorkUnit,
    RegisterWorkUnits,
    UnitBatchView,
    UnitItemView,
    WorkUnitView,
)
from shared.db import Tx
from shared.events.registry import WorkUnitTierChanged
from shared.ids import new_id
from shared.problems import (
    Conflict,
    MalformedBody,
    OutsideJurisdiction,
    Problem,
    StaleVersion,
    Text,
)
from shared.validation import field_errors


async def register_work_unit(command: RegisterWorkUnit, tx: Tx) -> WorkUnitView:
    """Enter a unit, in the community's tier until its size is known. Raises OutsideJurisdiction,
    UnknownRegion, WorkUnitExists."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    unit = WorkUnit(
        **command.model_dump(),
        id=new_id(),
        tier=tier_under(
            await limits_of(command.region, tx), None, bureau_level=command.bureau_level
        ),
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    # another desk may be entering the same unit: the index decides, without failing the whole
    if await tx.fetch_value(
        "SELECT 1 FROM work_units WHERE credit_code = $1 AND closed_on IS NULL", unit.credit_code
    ):
        raise WorkUnitExists()
    await tx.add(unit)
    return view_of(unit, None)


async def register_work_units(command: RegisterWorkUnits, tx: Tx, language: str) -> UnitBatchView:
    """Enter many units; what is wrong with one leaves the others alone. Raises
    OutsideJurisdiction when the area as a whole is not the caller's."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    items: list[UnitItemView] = []
    for number, given in enumerate(command.units):
        try:
            one = RegisterWorkUnit.model_validate(given)
            if not one.region.startswith(command.region):
                raise OutsideJurisdiction()
            unit = await register_work_unit(one, tx)
        except ValidationError as error:
            problem: Problem = MalformedBody(errors=field_errors(error.errors(), language))
            items.append(UnitItemView(number=number, problem=problem.body(language)))
        except Problem as error:
            items.append(UnitItemView(number=number, problem=error.body(language)))
        else:
            items.append(UnitItemView(number=number, unit=unit))
    accepted = sum(item.unit is not None for item in items)
    return UnitBatchView(accepted=accepted, refused=len(items) - accepted, items=items)


async def correct_work_unit(
    command: CorrectWorkUnit, work_unit_id: UUID, version: int, tx: Tx
) -> WorkUnitView:
    """Raises NotFound, StaleVersion, RecordClosed, OutsideJurisdiction, UnknownRegion; Conflict
    for stalls of what is no market."""
    unit = await _open_unit(work_unit_id, tx)
    if unit.version != version:
        raise StaleVersion()
    if command.region is not None:
        if not tx.actor.covers(command.region):
            raise OutsideJurisdiction()
        await require_region(command.region, tx)
    for field, value in command.model_dump(exclude_none=True).items():
        setattr(unit, field, value)
    if unit.kind != UnitKind.MARKET and command.stalls is not None:
        raise Conflict(Text("只有市场才有摊位", "Only a market has stalls"))
    if unit.kind != UnitKind.MARKET:
        unit.stalls = None
    await tx.save(unit)
    if command.region is not None:
        await _take_along(unit, tx)
    if unit.closed_on is not None:
        await _dismiss(unit, unit.closed_on, tx)
    await assign_tiers(unit.region, tx, unit.id)
    return await _fresh(unit.id, tx)


async def _take_along(unit: WorkUnit, tx: Tx) -> None:
    """What is kept of a unit is kept where it stands now, for the office there to see."""
    for table in ("staffings", "agreements"):
        await tx.execute(
            f"UPDATE {table} SET region = $2, recorded_at = $3, recorded_by = $4"  # noqa: S608
            " WHERE work_unit_id = $1 AND region <> $2",
            unit.id,
            unit.region,
            tx.now,
            tx.actor.sub,
        )


async def _dismiss(unit: WorkUnit, on: date, tx: Tx) -> None:
    """A closed unit has no liaison staff. Raises Conflict for somebody who came later."""
    for staffing in await tx.find(
        Staffing, "SELECT * FROM staffings WHERE work_unit_id = $1 AND until IS NULL", unit.id
    ):
        await leave(staffing, on, LeaveReason.PLACE_CLOSED, tx)


async def record_size(command: RecordSize, work_unit_id: UUID, tx: Tx) -> WorkUnitView:
    """Note how many people a unit has from a day on; a day between two known ones splits the time
    between them. Whoever is responsible changes at once. Raises NotFound, RecordClosed."""
    unit = await _open_unit(work_unit_id, tx)
    sizes = await tx.find(
        WorkUnitSize,
        "SELECT * FROM work_unit_sizes WHERE work_unit_id = $1 ORDER BY since FOR UPDATE",
        unit.id,
    )
    same = [size for size in sizes if size.since == command.since]
    if same:
        await _correct_size(same[0], command, tx)
    else:
        await _insert_size(unit.id, sizes, command, tx)
    await assign_tiers(unit.region, tx, unit.id)
    return await _fresh(unit.id, tx)


async def _correct_size(size: WorkUnitSize, command: RecordSize, tx: Tx) -> None:
    for field, value in command.model_dump(exclude={"since"}).items():
        setattr(size, field, value)
    size.recorded_at, size.recorded_by = tx.now, tx.actor.sub
    await tx.save(size)


async def _insert_size(
    work_unit_id: UUID, sizes: Sequence[WorkUnitSize], command: RecordSize, tx: Tx
) -> None:
    before = [size for size in sizes if size.since < command.since]
    after = [size for size in sizes if size.since > command.since]
    if before:
        before[-1].until = command.since
        await tx.save(before[-1])
    await tx.add(
        WorkUnitSize(
            **command.model_dump(),
            id=new_id(),
            work_unit_id=work_unit_id,
            until=after[0].since if after else None,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
        )
    )


async def assign_tiers(region: str, tx: Tx, work_unit_id: UUID | None = None) -> None:
    """Bring the tiers of the open units in `region` (or of one of them) in line with their sizes
    and the standards of today, and say so where one changed."""
    units = await tx.find(
        WorkUnit,
        "SELECT * FROM work_units WHERE starts_with(region, $1) AND closed_on IS NULL"
        " AND ($2::uuid IS NULL OR id = $2) ORDER BY id FOR UPDATE",
        region,
        work_unit_id,
    )
    limits = {place: await limits_of(place, tx) for place in {unit.region for unit in units}}
    for unit in units:
        tier = tier_under(
            limits[unit.region], await size_today(unit.id, tx), bureau_level=unit.bureau_level
        )
        if tier != unit.tier:
            before, unit.tier = Tier(unit.tier), tier
            await tx.save(unit)
            tx.emit(
                WorkUnitTierChanged(
                    work_unit_id=unit.id,
                    region=unit.region,
                    from_tier=before,
                    to_tier=tier,
                    changed_on=tx.today,
                )
            )


async def _open_unit(work_unit_id: UUID, tx: Tx) -> WorkUnit:
    unit = await tx.require(WorkUnit, work_unit_id, lock=True)
    if unit.closed_on is not None:
        raise RecordClosed()
    return unit


async def _fresh(work_unit_id: UUID, tx: Tx) -> WorkUnitView:
    unit = await tx.require(WorkUnit, work_unit_id)
    return view_of(unit, await size_today(unit.id, tx))
