"""Reading posts, who stands in them, and what there is to do in their areas."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.grid.coverage import SERVED, Post, read_posts
from services.registry.grid.models import (
    GridPost,
    Handover,
    HandoverState,
    LeaveReason,
    PostArea,
    Staff,
    Staffing,
    StaffRole,
)
from services.registry.grid.rules import Level, Load
from services.registry.grid.schemas import (
    AreaItemView,
    HandoverView,
    PostDetail,
    PostView,
    StaffingView,
    StaffView,
)
from services.registry.tasks.models import Task
from services.registry.tasks.queries import view_of as task_view
from services.registry.tasks.schemas import TaskView
from services.registry.work_units.models import WorkUnit
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

# Posts from $2 downwards; a task belongs to the post that serves its household, or the household
# of its person.
_TASKS = f"""WITH RECURSIVE {SERVED},
chain AS (
  SELECT id FROM grid_posts WHERE id = $2
  UNION ALL SELECT p.id FROM grid_posts AS p JOIN chain ON p.parent_id = chain.id
  WHERE p.until IS NULL),
own AS (SELECT household_id FROM served WHERE post_id IN (SELECT id FROM chain))
SELECT t.* FROM tasks AS t
WHERE t.settled_at IS NULL AND t.id > $3
  AND (t.household_id IN (SELECT household_id FROM own)
       OR t.person_id IN (SELECT p.id FROM persons AS p JOIN own USING (household_id)))
ORDER BY t.id LIMIT $4
"""  # noqa: S608 texts of our own
_ALL_TASKS = 100_000


async def get_post(post_id: UUID, tx: Tx) -> PostDetail:
    """Raises NotFound."""
    post = await tx.require(GridPost, post_id)
    area = await tx.find(
        PostArea,
        "SELECT * FROM post_areas WHERE post_id = $1 AND until IS NULL ORDER BY id",
        post.id,
    )
    beneath = await tx.fetch(
        "SELECT id FROM grid_posts WHERE parent_id = $1 AND until IS NULL ORDER BY id", post.id
    )
    seen = (await _seen(post.region, tx)).get(post.id)
    return PostDetail(
        **view_of(post, seen).model_dump(),
        area=[
            AreaItemView(**each.model_dump(include=set(AreaItemView.model_fields))) for each in area
        ],
        beneath=[row["id"] for row in beneath],
    )


async def list_posts(
    region: str | None,
    level: Level | None,
    load: Load | None,
    vacant: bool | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[PostView]:
    """Open posts of an area, in the order they were set up; with `load` or `vacant`, those to look
    after. Raises OutsideJurisdiction."""
    area = narrow(tx.actor, region)
    seen = await _seen(area, tx)
    wanted = sorted(
        post.id
        for post in seen.values()
        if (level is None or post.level is level)
        and (load is None or post.load is load)
        and (vacant is None or post.held is not vacant)
        and post.id > (id_in(cursor) or BEFORE_ALL)
    )[: limit + 1]
    posts = await tx.find(
        GridPost, "SELECT * FROM grid_posts WHERE id = ANY($1::uuid[]) ORDER BY id", wanted[:limit]
    )
    items = [view_of(post, seen[post.id]) for post in posts]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if wanted[limit:] else None)


async def _seen(area: str, tx: Tx) -> dict[UUID, Post]:
    counted = await tx.fetch(
        f"WITH {SERVED} SELECT post_id, count(*) AS households FROM served GROUP BY post_id",  # noqa: S608
        area,
    )
    return await read_posts(area, counted, tx)


def view_of(post: GridPost, seen: Post | None) -> PostView:
    return PostView(
        **post.model_dump(include=set(PostView.model_fields)),
        held=seen is not None and seen.held,
        households=seen.households if seen else 0,
        load=seen.load if seen else None,
    )


async def list_post_staff(post_id: UUID, tx: Tx) -> Sequence[StaffingView]:
    """Who stands and stood in a post, latest first. Raises NotFound."""
    post = await tx.require(GridPost, post_id)
    return await _staffings("post_id", post.id, tx)


async def list_unit_staff(work_unit_id: UUID, tx: Tx) -> Sequence[StaffingView]:
    """The roster of a unit's liaison and service staff (名册), latest first. Raises NotFound."""
    unit = await tx.require(WorkUnit, work_unit_id)
    return await _staffings("work_unit_id", unit.id, tx)


async def _staffings(column: str, place_id: UUID, tx: Tx) -> Sequence[StaffingView]:
    found = await tx.find(
        Staffing,
        f"SELECT * FROM staffings WHERE {column} = $1"  # noqa: S608 names of our own
        " ORDER BY until IS NOT NULL, since DESC, id DESC",
        place_id,
    )
    return [await staffing_view(each, tx) for each in found]


async def staffing_view(staffing: Staffing, tx: Tx) -> StaffingView:
    """Shows the name: the member of staff sees who looked, as anybody does."""
    return StaffingView(
        id=staffing.id,
        post_id=staffing.post_id,
        work_unit_id=staffing.work_unit_id,
        staff=await staff_view(staffing.staff_id, tx),
        role=StaffRole(staffing.role),
        since=staffing.since,
        until=staffing.until,
        ended_for=LeaveReason(staffing.ended_for) if staffing.ended_for else None,
    )


async def staff_view(staff_id: UUID, tx: Tx) -> StaffView:
    """Raises NotFound."""
    staff = await tx.require(Staff, staff_id)
    tx.saw(staff.id, "staff")
    return StaffView(
        id=staff.id,
        name=tx.vault.open(staff.name_sealed, f"staff.name:{staff.id}"),
        phone=tx.vault.open(staff.phone_sealed, f"staff.phone:{staff.id}")
        if staff.phone_sealed
        else None,
    )


async def get_handover(handover_id: UUID, tx: Tx) -> HandoverView:
    """Raises NotFound."""
    handover = await tx.require(Handover, handover_id)
    return handover_view(handover, await tx.require(Staffing, handover.staffing_id))


def handover_view(handover: Handover, staffing: Staffing) -> HandoverView:
    return HandoverView(
        **handover.model_dump(include=HandoverView.model_fields.keys() - {"reason", "state"}),
        reason=LeaveReason(handover.reason),
        state=HandoverState(handover.state),
        post_id=staffing.post_id,
        work_unit_id=staffing.work_unit_id,
        from_staff_id=staffing.staff_id,
    )


async def list_post_tasks(post_id: UUID, limit: int, cursor: str | None, tx: Tx) -> Page[TaskView]:
    """Open tasks about the households that a post, and the posts beneath it, serve. Raises
    NotFound."""
    post = await tx.require(GridPost, post_id)
    found = await tx.find(
        Task, _TASKS, post.region, post.id, id_in(cursor) or BEFORE_ALL, limit + 1
    )
    items = [task_view(task, tx) for task in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


async def open_task_ids(post: GridPost, tx: Tx) -> list[UUID]:
    """The same, as ids, for a change of hand."""
    rows = await tx.fetch(_TASKS, post.region, post.id, BEFORE_ALL, _ALL_TASKS)
    return [row["id"] for row in rows]
