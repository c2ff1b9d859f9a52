"""Setting up posts and giving them areas."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.errors import RecordClosed
from services.registry.grid.errors import AlreadyAssigned, PostNumberTaken, WrongPlaceInChain
from services.registry.grid.models import GridPost, LeaveReason, PostArea, Staffing
from services.registry.grid.queries import get_post
from services.registry.grid.rules import ABOVE, WITH_AREA, Level
from services.registry.grid.schemas import ChangeArea, ClosePost, OpenPost, PostDetail
from services.registry.grid.staffing import leave
from services.registry.regions.queries import require_region
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Conflict, NotFound, OutsideJurisdiction, Text


async def open_post(command: OpenPost, tx: Tx) -> PostDetail:
    """Set up a post. Raises OutsideJurisdiction, UnknownRegion, WrongPlaceInChain,
    PostNumberTaken."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    await _require_place(command, tx)
    if await tx.fetch_value(
        "SELECT 1 FROM grid_posts WHERE region = $1 AND until IS NULL"
        " AND (number = $2 OR (level = 'community' AND $3))",
        command.region,
        command.number,
        command.level is Level.COMMUNITY,
    ):
        raise PostNumberTaken()
    post = GridPost(
        **command.model_dump(), id=new_id(), recorded_at=tx.now, recorded_by=tx.actor.sub
    )
    await tx.add(post)
    return await get_post(post.id, tx)


async def _require_place(command: OpenPost, tx: Tx) -> None:
    above = ABOVE[command.level]
    if (above is None) != (command.parent_id is None):
        raise WrongPlaceInChain(parent_level=above)
    if command.parent_id is None:
        return
    parent = await tx.require(GridPost, command.parent_id, lock=True)
    if (
        parent.until is not None
        or parent.level != above
        or parent.region != command.region
        or command.since < parent.since
    ):
        raise WrongPlaceInChain(parent_level=above)


async def close_post(command: ClosePost, post_id: UUID, tx: Tx) -> PostDetail:
    """Close a post that has none beneath it. Whoever stands in it leaves; its area is free for
    another post, and shows as a gap until then. Raises NotFound, RecordClosed, Conflict."""
    post = await require_open_post(post_id, tx)
    if await tx.fetch_value(
        "SELECT 1 FROM grid_posts WHERE parent_id = $1 AND until IS NULL", post.id
    ):
        raise Conflict(Text("下级岗位尚未撤销", "Posts beneath it are still open"))
    if command.on < post.since:
        raise Conflict(Text("早于设岗日期", "Before the post was set up"))
    for staffing in await tx.find(
        Staffing, "SELECT * FROM staffings WHERE post_id = $1 AND until IS NULL", post.id
    ):
        await leave(staffing, command.on, LeaveReason.PLACE_CLOSED, tx)
    await tx.execute(
        "UPDATE post_areas SET until = greatest(since, $2), recorded_at = $3, recorded_by = $4"
        " WHERE post_id = $1 AND until IS NULL",
        post.id,
        command.on,
        tx.now,
        tx.actor.sub,
    )
    post.until, post.recorded_at, post.recorded_by = command.on, tx.now, tx.actor.sub
    await tx.save(post)
    return await get_post(post.id, tx)


async def require_open_post(post_id: UUID, tx: Tx) -> GridPost:
    """The post, locked. Raises NotFound, RecordClosed."""
    post = await tx.require(GridPost, post_id, lock=True)
    if post.until is not None:
        raise RecordClosed()
    return post


async def change_area(command: ChangeArea, post_id: UUID, tx: Tx) -> PostDetail:
    """Give and take households, buildings and parts of the village. Only posts that go from door
    to door have an area. Raises NotFound, RecordClosed, WrongPlaceInChain; AlreadyAssigned for
    what another post serves."""
    post = await require_open_post(post_id, tx)
    if Level(post.level) not in WITH_AREA:
        raise WrongPlaceInChain(
            Text("只有联络员和楼栋长有责任区", "Only liaisons and building heads have an area")
        )
    if command.on < post.since:
        raise Conflict(Text("早于设岗日期", "Before the post was set up"))
    for column, kind, items in (
        ("household_id", "uuid", command.remove_households),
        ("dwelling_id", "uuid", command.remove_dwellings),
        ("estate", "text", command.remove_estates),
    ):
        await _take(post, column, kind, items, command, tx)
    for column, kind, items in (
        ("household_id", "uuid", command.add_households),
        ("dwelling_id", "uuid", command.add_dwellings),
        ("estate", "text", command.add_estates),
    ):
        await _give(post, column, kind, items, command, tx)
    return await get_post(post.id, tx)


async def _take(
    post: GridPost,
    column: str,
    kind: str,
    items: Sequence[UUID | str],
    command: ChangeArea,
    tx: Tx,
) -> None:
    await tx.execute(
        "UPDATE post_areas SET until = greatest(since, $3), recorded_at = $4, recorded_by = $5"  # noqa: S608
        f" WHERE post_id = $1 AND {column} = ANY($2::{kind}[]) AND until IS NULL",
        post.id,
        list(items),
        command.on,
        tx.now,
        tx.actor.sub,
    )


async def _give(
    post: GridPost,
    column: str,
    kind: str,
    items: Sequence[UUID | str],
    command: ChangeArea,
    tx: Tx,
) -> None:
    wanted = list(dict.fromkeys(items))
    if not wanted:
        return
    if column != "estate":
        await _require_there(post, column, wanted, tx)
    taken = await tx.fetch(
        f"SELECT {column} AS item, post_id FROM post_areas"  # noqa: S608 names of our own
        f" WHERE {column} = ANY($1::{kind}[]) AND region = $2 AND until IS NULL",
        wanted,
        post.region,
    )
    others = [row["post_id"] for row in taken if row["post_id"] != post.id]
    if others:
        raise AlreadyAssigned(post_id=str(others[0]))
    has = {row["item"] for row in taken}
    if column == "household_id":
        await _release_moved(wanted, post, command, tx)
    for item in wanted:
        if item not in has:
            await tx.add(_area(post, column, item, command, tx))


def _area(post: GridPost, column: str, item: UUID | str, command: ChangeArea, tx: Tx) -> PostArea:
    area = PostArea(
        id=new_id(),
        post_id=post.id,
        region=post.region,
        since=command.on,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    setattr(area, column, item)
    return area


async def _release_moved(
    households: Sequence[UUID | str], post: GridPost, command: ChangeArea, tx: Tx
) -> None:
    """A household that moved to this village is no longer its former village's."""
    await tx.execute(
        "UPDATE post_areas SET until = greatest(since, $3), recorded_at = $4, recorded_by = $5"
        " WHERE household_id = ANY($1::uuid[]) AND region <> $2 AND until IS NULL",
        list(households),
        post.region,
        command.on,
        tx.now,
        tx.actor.sub,
    )


async def _require_there(post: GridPost, column: str, items: Sequence[UUID | str], tx: Tx) -> None:
    """What is given exists; a building also stands in the post's village. Where a household lives
    may not be known, and is for whoever gives it to know."""
    statement = (
        "SELECT count(*) FROM households WHERE id = ANY($1::uuid[]) AND closed_at IS NULL"
        if column == "household_id"
        else "SELECT count(*) FROM dwellings WHERE id = ANY($1::uuid[]) AND closed_on IS NULL"
        " AND region = $2"
    )
    arguments = [list(items)] if column == "household_id" else [list(items), post.region]
    if await tx.fetch_value(statement, *arguments) < len(items):
        raise NotFound()
