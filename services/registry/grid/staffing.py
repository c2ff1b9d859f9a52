"""Who stands where (任职): appointing, leaving, and changes of hand (交接)."""

from datetime import date
from uuid import UUID

from services.registry.errors import RecordClosed
from services.registry.grid.errors import NotYoursToConfirm, PostHeld
from services.registry.grid.models import (
    GridPost,
    Handover,
    HandoverState,
    LeaveReason,
    Staff,
    Staffing,
    StaffRole,
)
from services.registry.grid.queries import handover_view, open_task_ids, staffing_view
from services.registry.grid.schemas import (
    Appoint,
    ConfirmHandover,
    EndStaffing,
    HandoverView,
    OpenHandover,
    StaffingView,
    StaffInput,
)
from services.registry.work_units.models import WorkUnit
from shared.db import Tx
from shared.events.registry import LiaisonChanged
from shared.ids import new_id
from shared.problems import Conflict, Forbidden, Text


async def appoint_to_post(command: Appoint, post_id: UUID, tx: Tx) -> StaffingView:
    """Raises NotFound, RecordClosed; PostHeld when somebody leads it already."""
    post = await tx.require(GridPost, post_id, lock=True)
    if post.until is not None:
        raise RecordClosed()
    if command.role is StaffRole.SERVICE_POINT:
        raise Conflict(Text("服务点人员属于单位", "Service points belong to work units"))
    return await _appoint(command, post, tx)


async def appoint_to_unit(command: Appoint, work_unit_id: UUID, tx: Tx) -> StaffingView:
    """A unit's liaison officer (联络员), her deputy, or staff of its service point. Raises
    NotFound, RecordClosed, PostHeld."""
    unit = await tx.require(WorkUnit, work_unit_id, lock=True)
    if unit.closed_on is not None:
        raise RecordClosed()
    return await _appoint(command, unit, tx)


async def _appoint(command: Appoint, place: GridPost | WorkUnit, tx: Tx) -> StaffingView:
    if command.role is StaffRole.LEAD:
        await _require_vacant(place, command.since, tx)
    staff = await _staff(command.staff, place.region, tx)
    staffing = await _enter(place, staff.id, command.role, command.since, tx)
    if command.role is StaffRole.LEAD:
        _tell(staffing, None, staff.id, command.since, tx)
    return await staffing_view(staffing, tx)


async def _require_vacant(place: GridPost | WorkUnit, since: date, tx: Tx) -> None:
    column = _column(place)
    last = await tx.fetch_row(
        f"SELECT id, until FROM staffings WHERE {column} = $1 AND role = 'lead'"  # noqa: S608
        " AND ended_for IS DISTINCT FROM 'entered-in-error'"
        " ORDER BY until IS NOT NULL, until DESC LIMIT 1",
        place.id,
    )
    if last is None:
        return
    if last["until"] is None:
        raise PostHeld(staffing_id=str(last["id"]))
    if since < last["until"]:
        raise Conflict(Text("早于前任离任日期", "Before the one before left"))


def _column(place: GridPost | WorkUnit) -> str:
    return "post_id" if isinstance(place, GridPost) else "work_unit_id"


async def _staff(given: StaffInput, region: str, tx: Tx) -> Staff:
    """The member of staff named, entered when new. Raises NotFound."""
    if given.staff_id is not None:
        return await tx.require(Staff, given.staff_id)
    staff_id = new_id()
    staff = Staff(
        id=staff_id,
        region=region,
        name_sealed=tx.vault.seal(given.name or "", f"staff.name:{staff_id}"),
        phone_sealed=tx.vault.seal(given.phone, f"staff.phone:{staff_id}") if given.phone else None,
        org=given.org,
        sub=given.sub,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(staff)
    return staff


async def _enter(
    place: GridPost | WorkUnit, staff_id: UUID, role: StaffRole, since: date, tx: Tx
) -> Staffing:
    staffing = Staffing(
        post_id=place.id if isinstance(place, GridPost) else None,
        work_unit_id=place.id if isinstance(place, WorkUnit) else None,
        id=new_id(),
        region=place.region,
        staff_id=staff_id,
        role=role,
        since=since,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(staffing)
    return staffing


async def end_staffing(command: EndStaffing, staffing_id: UUID, tx: Tx) -> StaffingView:
    """Somebody leaves; the place is vacant. Raises NotFound, RecordClosed, Conflict."""
    staffing = await _open_staffing(staffing_id, tx)
    await leave(staffing, command.on, command.reason, tx)
    return await staffing_view(staffing, tx)


async def leave(
    staffing: Staffing, on: date, reason: LeaveReason, tx: Tx, *, follower: UUID | None = None
) -> None:
    """End a staffing, and say who follows. An open change of hand of it is withdrawn unless it is
    what ends it. Raises Conflict for a day before it began."""
    if on < staffing.since:
        raise Conflict(Text("早于任职日期", "Before she took the post"))
    staffing.until, staffing.ended_for = on, reason
    staffing.recorded_at, staffing.recorded_by = tx.now, tx.actor.sub
    await tx.save(staffing)
    if follower is None:
        await tx.execute(
            "UPDATE handovers SET state = 'withdrawn', closed_at = $2, version = version + 1"
            " WHERE staffing_id = $1 AND state = 'open'",
            staffing.id,
            tx.now,
        )
    if staffing.role == StaffRole.LEAD:
        _tell(staffing, staffing.staff_id, follower, on, tx)


def _tell(staffing: Staffing, before: UUID | None, after: UUID | None, on: date, tx: Tx) -> None:
    place_id = staffing.post_id or staffing.work_unit_id
    if place_id is None:
        raise ValueError("a staffing is of a post or of a unit")
    tx.emit(
        LiaisonChanged(
            place="grid-post" if staffing.post_id else "work-unit",
            place_id=place_id,
            region=staffing.region,
            from_staff_id=before,
            to_staff_id=after,
            changed_on=on,
        )
    )


async def open_handover(command: OpenHandover, staffing_id: UUID, tx: Tx) -> HandoverView:
    """Begin a change of hand of a lead. Raises NotFound, RecordClosed, Conflict."""
    staffing = await _open_staffing(staffing_id, tx)
    if staffing.role != StaffRole.LEAD:
        raise Conflict(Text("只有负责人需要交接", "Only a lead hands over"))
    if command.on < staffing.since:
        raise Conflict(Text("早于任职日期", "Before she took the post"))
    if await tx.fetch_value(
        "SELECT 1 FROM handovers WHERE staffing_id = $1 AND state = 'open'", staffing.id
    ):
        raise Conflict(Text("交接正在进行", "A change of hand is under way"))
    to = await _staff(command.to, staffing.region, tx)
    if to.id == staffing.staff_id:
        raise Conflict(Text("不能交接给本人", "Nobody hands over to herself"))
    handover = Handover(
        id=new_id(),
        staffing_id=staffing.id,
        to_staff_id=to.id,
        handed_on=command.on,
        reason=command.reason,
        task_ids=[],
        opened_at=tx.now,
        opened_by=tx.actor.sub,
    )
    await tx.add(handover)
    return handover_view(handover, staffing)


async def confirm_handover(command: ConfirmHandover, handover_id: UUID, tx: Tx) -> HandoverView:
    """One side confirms: she herself with her login, or an office that has it on paper. With both,
    the post and its open tasks are the other's. Raises NotFound, RecordClosed,
    NotYoursToConfirm."""
    handover, staffing = await _open_handover(handover_id, tx)
    whose = staffing.staff_id if command.side == "outgoing" else handover.to_staff_id
    await _require_side(command, await tx.require(Staff, whose), tx)
    if getattr(handover, f"{command.side}_at") is None:
        setattr(handover, f"{command.side}_at", tx.now)
        setattr(handover, f"{command.side}_by", tx.actor.sub)
        setattr(handover, f"{command.side}_on_paper", command.on_paper)
    if handover.outgoing_at and handover.incoming_at:
        await _complete(handover, staffing, tx)
    await tx.save(handover)
    return handover_view(handover, staffing)


async def _require_side(command: ConfirmHandover, staff: Staff, tx: Tx) -> None:
    if command.on_paper:
        if "registry:write" not in tx.actor.scopes:
            raise Forbidden()
    elif (staff.org, staff.sub) != (tx.actor.org, tx.actor.sub):
        raise NotYoursToConfirm()


async def _complete(handover: Handover, staffing: Staffing, tx: Tx) -> None:
    place: GridPost | WorkUnit
    if staffing.post_id is not None:
        place = await tx.require(GridPost, staffing.post_id, lock=True)
        handover.task_ids = await open_task_ids(place, tx)
    else:
        place = await tx.require(WorkUnit, staffing.work_unit_id, lock=True)
    reason = LeaveReason(handover.reason)
    await leave(staffing, handover.handed_on, reason, tx, follower=handover.to_staff_id)
    await _enter(place, handover.to_staff_id, StaffRole.LEAD, handover.handed_on, tx)
    handover.state, handover.closed_at = HandoverState.DONE, tx.now


async def withdraw_handover(handover_id: UUID, tx: Tx) -> HandoverView:
    """Call a change of hand off (撤回). Raises NotFound, RecordClosed."""
    handover, staffing = await _open_handover(handover_id, tx)
    handover.state, handover.closed_at = HandoverState.WITHDRAWN, tx.now
    await tx.save(handover)
    return handover_view(handover, staffing)


async def _open_handover(handover_id: UUID, tx: Tx) -> tuple[Handover, Staffing]:
    """Locked, the staffing first, as everything else does."""
    handover = await tx.require(Handover, handover_id)
    staffing = await tx.require(Staffing, handover.staffing_id, lock=True)
    handover = await tx.require(Handover, handover_id, lock=True)
    if handover.state != HandoverState.OPEN:
        raise RecordClosed()
    return handover, staffing


async def _open_staffing(staffing_id: UUID, tx: Tx) -> Staffing:
    staffing = await tx.require(Staffing, staffing_id, lock=True)
    if staffing.until is not None:
        raise RecordClosed()
    return staffing
