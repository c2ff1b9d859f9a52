"""Deciding on changes of the map, putting them in force, calling them off, undoing them."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from services.registry.errors import AnotherChange, ImpossibleChange
from services.registry.region_changes.models import RegionChange, RegionStep, SplitDwelling
from services.registry.region_changes.queries import get_change, steps_of
from services.registry.region_changes.recoding import recoding_of, task_source
from services.registry.region_changes.rules import (
    Area,
    ChangeKind,
    ChangeStatus,
    Fault,
    Step,
    ended_by,
    impossible,
    plan_steps,
    reversed_steps,
    touches,
)
from services.registry.region_changes.schemas import (
    ChangeRegions,
    PlacedView,
    PlacePeople,
    RegionChangeView,
    ReverseChange,
)
from services.registry.region_changes.telling import tell_changed
from services.registry.regions.handlers import begin_regions, end_regions
from services.registry.regions.queries import forget_known_regions, map_on
from services.registry.tasks.models import TaskKind, TaskOutcome
from shared.db import Tx
from shared.events.registry import RegionPair, RegionsChanged
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_IN_USE = """
SELECT EXISTS (SELECT FROM persons WHERE status <> 'merged'
               AND (hukou_region LIKE ANY($1) OR residence_region LIKE ANY($1)))
    OR EXISTS (SELECT FROM dwellings WHERE region LIKE ANY($1))
    OR EXISTS (SELECT FROM households WHERE region LIKE ANY($1) AND closed_at IS NULL)
"""
_OPEN = """
SELECT c.id, array_remove(array_agg(s.from_region) || array_agg(s.to_region), NULL) AS areas
FROM region_changes AS c JOIN region_steps AS s ON s.change_id = c.id
WHERE c.county = $1 AND c.status IN ('planned', 'applying') GROUP BY c.id
"""
# Later changes of the same areas that stand: undoing an earlier one would tear them.
_LATER = """
SELECT s.from_region, s.to_region FROM region_changes AS c JOIN region_steps AS s
    ON s.change_id = c.id
WHERE c.county = $1 AND c.id > $2 AND c.reverses IS NULL AND c.status IN ('applied', 'applying')
  AND NOT EXISTS (SELECT FROM region_changes AS r WHERE r.reverses = c.id AND r.status = 'applied')
  AND (s.from_region = ANY($3) OR s.to_region = ANY($3))
"""


async def change_regions(command: ChangeRegions, tx: Tx) -> RegionChangeView:
    """Record a change. One whose day has come takes effect on the map at once, and on the people
    inside by the background job; one to come on its day. Raises OutsideJurisdiction,
    ImpossibleChange, AnotherChange."""
    lines = [Step(each.from_region, each.to_region, None, each.name) for each in command.lines]
    county = str(lines[0].from_region or lines[0].to_region)[:6]
    if not county.startswith(tx.actor.region):
        raise OutsideJurisdiction()
    await _lock(county, tx)
    areas = {
        code: Area(each.name, each.valid_from)
        for code, each in (await map_on(tx.today, county, tx)).items()
    }
    steps = plan_steps(
        ChangeKind(command.kind), lines, areas, await _codes_of(county, tx), command.effective_on
    )
    change = RegionChange(
        id=new_id(),
        kind=command.kind,
        document=command.document,
        county=county,
        effective_on=command.effective_on,
        remainder=command.remainder,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        recorded_org=tx.actor.org,
    )
    dwellings = {id_: str(each.to_region) for each in command.lines for id_ in each.dwellings}
    await _check_dwellings(dwellings, steps, tx)
    return await _record(change, steps, tx, dwellings)


async def _record(
    change: RegionChange, steps: Sequence[Step], tx: Tx, dwellings: dict[UUID, str] | None = None
) -> RegionChangeView:
    await _refuse_beside_another(change, steps, tx)
    await tx.add(change)
    for number, each in enumerate(steps):
        await tx.add(
            RegionStep(
                change_id=change.id,
                number=number,
                from_region=each.from_region,
                from_name=each.from_name,
                to_region=each.to_region,
                to_name=each.to_name,
                begins=each.begins,
            )
        )
    for dwelling_id, to_region in (dwellings or {}).items():
        await tx.add(
            SplitDwelling(change_id=change.id, dwelling_id=dwelling_id, to_region=to_region)
        )
    if change.effective_on <= tx.today:
        await begin_change(change, tx)
    return await get_change(change.id, tx)


async def begin_change(change: RegionChange, tx: Tx) -> None:
    """From now on the map is the new one, and the job re-codes who lives there. Raises
    ImpossibleChange when the map is no longer the one that was decided on."""
    await _lock(change.county, tx)
    steps = await steps_of(change.id, tx)
    await _check_map(steps, change, tx)
    ended = sorted(ended_by(steps))
    names = {
        each.to_region: str(each.to_name)
        for each in steps
        if each.to_region
        and (each.begins or (each.from_region == each.to_region and each.from_name != each.to_name))
    }
    source = f"区划调整 {change.document}"
    await end_regions(await tx.begin(), ended, change.effective_on)
    await begin_regions(await tx.begin(), names, change.effective_on, source)
    forget_known_regions()
    change.status, change.applied_at = ChangeStatus.APPLYING, tx.now
    moving = [each.from_region for each in steps if each.moves]
    change.people_total = await tx.fetch_value(
        "SELECT count(*) FROM persons WHERE hukou_region = ANY($1) OR residence_region = ANY($1)"
        " OR left_region = ANY($1)",
        moving,
    )
    await tx.save(change)
    tx.emit(
        RegionsChanged(
            change_id=change.id,
            kind=change.kind,
            county=change.county,
            document=change.document,
            effective_on=change.effective_on,
            pairs=[
                RegionPair(
                    from_region=each.from_region, to_region=each.to_region, name=each.to_name
                )
                for each in steps
            ],
            reverses=change.reverses,
        )
    )
    codes = (code for each in steps for code in (each.from_region, each.to_region) if code)
    await tell_changed(codes, tx)


async def cancel_change(change_id: UUID, tx: Tx) -> RegionChangeView:
    """Call off a change whose day has not come. Raises NotFound, OutsideJurisdiction,
    ImpossibleChange."""
    change = await _own_change(change_id, tx)
    if change.status != ChangeStatus.PLANNED:
        raise impossible(Fault.ALREADY_BEGUN)
    change.status, change.finished_at = ChangeStatus.CANCELLED, tx.now
    await tx.save(change)
    return await get_change(change.id, tx)


async def reverse_change(command: ReverseChange, change_id: UUID, tx: Tx) -> RegionChangeView:
    """Undo a change, by another one. People who came since stay where their dwelling was before,
    or become tasks. Raises NotFound, OutsideJurisdiction, ImpossibleChange, AnotherChange."""
    wrong = await _own_change(change_id, tx)
    if wrong.status != ChangeStatus.APPLIED:
        raise impossible(Fault.NOT_FINISHED)
    if wrong.kind == ChangeKind.REVERSAL:
        raise impossible(Fault.NOT_THAT_KIND)
    day = command.effective_on or wrong.effective_on
    if day > tx.today:
        raise impossible(Fault.DAY_TO_COME)
    if day < wrong.effective_on:
        raise impossible(Fault.BEFORE_IT_EXISTED)
    await _lock(wrong.county, tx)
    steps = reversed_steps(await steps_of(wrong.id, tx))
    touched = [code for each in steps for code in (each.from_region, each.to_region) if code]
    later = await tx.fetch(_LATER, wrong.county, wrong.id, touched)
    if later or await _reversed_by(wrong.id, tx):
        raise impossible(Fault.CHANGED_SINCE, *touched)
    return await _record(
        RegionChange(
            id=new_id(),
            kind=ChangeKind.REVERSAL,
            document=command.document,
            county=wrong.county,
            effective_on=day,
            reverses=wrong.id,
            recorded_at=tx.now,
            recorded_by=tx.actor.sub,
            recorded_org=tx.actor.org,
        ),
        steps,
        tx,
    )


async def place_people(command: PlacePeople, change_id: UUID, tx: Tx) -> PlacedView:
    """Say into which part of a split area people and dwellings fall; their tasks are settled.
    Raises NotFound, OutsideJurisdiction, ImpossibleChange for a place that is no part of it."""
    change = await tx.require(RegionChange, change_id)
    if not tx.actor.covers(command.to_region):
        raise OutsideJurisdiction()
    if change.status not in (ChangeStatus.APPLYING, ChangeStatus.APPLIED):
        raise impossible(Fault.DAY_TO_COME)
    recoding = await recoding_of(change, tx, fixed=command.to_region)
    parts = {to for tos in recoding.placement.targets.values() if len(tos) > 1 for to in tos}
    if command.to_region not in parts:
        raise impossible(Fault.UNKNOWN_AREA, command.to_region)
    people = await _waiting(change, TaskKind.UNPLACED_PERSON, command.people, tx)
    dwellings = await _waiting(change, TaskKind.UNPLACED_DWELLING, command.dwellings, tx)
    await recoding.people(people, tx)
    await recoding.rows_of("dwellings", dwellings, tx)
    await recoding.rows_of("households", await _headed_by(people, tx), tx)
    for person_id in people:
        tx.saw(person_id, "residence")
    await tx.execute(
        "UPDATE tasks SET outcome = $3, settled_at = $4, settled_by = $5, region = $6"
        " WHERE source = $1 AND source_id = ANY($2) AND settled_at IS NULL",
        task_source(change.id),
        [*people, *dwellings],
        TaskOutcome.UPDATED.value,
        tx.now,
        tx.actor.sub,
        command.to_region,
    )
    return PlacedView(people=len(people), dwellings=len(dwellings))


async def _own_change(change_id: UUID, tx: Tx) -> RegionChange:
    change = await tx.require(RegionChange, change_id, lock=True)
    if not change.county.startswith(tx.actor.region):
        raise OutsideJurisdiction()
    return change


async def _lock(county: str, tx: Tx) -> None:
    """One decision at a time on the map of a county."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"regions:{county}")


async def _codes_of(county: str, tx: Tx) -> list[str]:
    """Every code the county ever gave: a code is not given to another place."""
    rows = await tx.fetch(
        "SELECT DISTINCT code FROM region_versions WHERE code LIKE $1", county + "%"
    )
    return [row["code"] for row in rows]


async def _check_dwellings(dwellings: dict[UUID, str], steps: Sequence[Step], tx: Tx) -> None:
    if not dwellings:
        return
    villages = [each.from_region for each in steps if each.from_region]
    parts = {each.to_region for each in steps}
    inside = await tx.fetch_value(
        "SELECT count(*) FROM dwellings WHERE id = ANY($1) AND region = ANY($2)",
        list(dwellings),
        villages,
    )
    if inside < len(dwellings) or not parts.issuperset(dwellings.values()):
        raise impossible(Fault.UNKNOWN_DWELLING, *villages)


async def _refuse_beside_another(change: RegionChange, steps: Sequence[Step], tx: Tx) -> None:
    mine = [code for each in steps for code in (each.from_region, each.to_region) if code]
    for row in await tx.fetch(_OPEN, change.county):
        if touches(mine, row["areas"]):
            raise AnotherChange(change_id=str(row["id"]))


async def _check_map(steps: Sequence[Step], change: RegionChange, tx: Tx) -> None:
    """The areas are what they were when it was decided, and may change on that day."""
    day = change.effective_on
    areas = await map_on(tx.today, change.county, tx)
    for each in steps:
        source = areas.get(each.from_region) if each.from_region else None
        if each.from_region and (source is None or source.name != each.from_name):
            raise impossible(Fault.CHANGED_SINCE, each.from_region)
        if each.to_region and (each.to_region in areas) == each.begins:
            raise impossible(Fault.EXISTS if each.begins else Fault.CHANGED_SINCE, each.to_region)
    codes = [code for each in steps for code in (each.from_region, each.to_region) if code]
    await _check_day(codes, day, tx)
    gone = [f"{each.from_region}%" for each in steps if each.to_region is None]
    if gone and await tx.fetch_value(_IN_USE, gone):
        raise impossible(Fault.IN_USE, *(each.rstrip("%") for each in gone))


async def _check_day(codes: Iterable[str], day: date, tx: Tx) -> None:
    """No version begins or ends after the day: the map of a day is changed once it is reached."""
    later = await tx.fetch(
        "SELECT code FROM regions WHERE code = ANY($1)"
        " AND (valid_from > $2 OR valid_to > $2) LIMIT 1",
        list(codes),
        day,
    )
    if later:
        raise impossible(Fault.BEFORE_IT_EXISTED, later[0]["code"])


async def _reversed_by(change_id: UUID, tx: Tx) -> bool:
    return bool(
        await tx.fetch_value(
            "SELECT 1 FROM region_changes WHERE reverses = $1 AND status <> 'failed'", change_id
        )
    )


async def _waiting(change: RegionChange, kind: TaskKind, ids: Sequence[UUID], tx: Tx) -> list[UUID]:
    """Those of `ids` that the change left without a place."""
    rows = await tx.fetch(
        "SELECT source_id FROM tasks WHERE kind = $1 AND source = $2 AND source_id = ANY($3)"
        " AND settled_at IS NULL ORDER BY source_id",
        kind.value,
        task_source(change.id),
        list(ids),
    )
    return [row["source_id"] for row in rows]


async def _headed_by(people: Sequence[UUID], tx: Tx) -> list[UUID]:
    rows = await tx.fetch(
        "SELECT household_id FROM persons WHERE id = ANY($1) AND household_relation = '0'"
        " AND household_id IS NOT NULL",
        list(people),
    )
    return [row["household_id"] for row in rows]


async def fail_change(change: RegionChange, problem: ImpossibleChange, tx: Tx) -> None:
    """Its day came, and the map was no longer the one it was decided for: nothing was changed."""
    change.status, change.finished_at = ChangeStatus.FAILED, tx.now
    change.failure = str(problem.extra["reason"])
    await tx.save(change)
