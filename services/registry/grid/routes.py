"""HTTP door of the grid."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanReadOwn, CanReport, CanWrite
from services.registry.grid import chart, coverage, handlers, maps, queries, serving, staffing
from services.registry.grid.duties import duties
from services.registry.grid.rules import Level, Load
from services.registry.grid.schemas import (
    Appoint,
    ChangeArea,
    ClosePost,
    ConfirmHandover,
    CoverageView,
    DutiesView,
    EndStaffing,
    GapView,
    HandoverView,
    OpenHandover,
    OpenPost,
    PostDetail,
    PostView,
    ServiceContactsView,
    StaffingView,
)
from services.registry.tasks.schemas import TaskView
from shared.codes import RegionCode
from shared.http import (
    Cursor,
    Language,
    Limit,
    PersonalTransaction,
    Route,
    Transaction,
)
from shared.pages import Page

router = APIRouter(tags=["grid"], route_class=Route)


@router.get("/liaison-duties", summary="What liaison staff and offices do for people")
async def list_duties(actor: CanReport) -> DutiesView:
    return duties()


@router.post("/grid-posts", status_code=201, summary="Set up a post")
async def open_post(command: OpenPost, actor: CanWrite, tx: Transaction) -> PostDetail:
    return await handlers.open_post(command, tx)


@router.get("/grid-posts", summary="List posts; those over or under the standard; vacant ones")
async def list_posts(
    actor: CanRead,
    tx: Transaction,
    region: RegionCode | None = None,
    level: Level | None = None,
    load: Load | None = None,
    vacant: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PostView]:
    return await queries.list_posts(region, level, load, vacant, limit, cursor, tx)


@router.get("/grid-posts/{post_id}", summary="Read a post with its area")
async def get_post(post_id: UUID, actor: CanRead, tx: Transaction) -> PostDetail:
    return await queries.get_post(post_id, tx)


@router.post("/grid-posts/{post_id}/area-changes", summary="Change what a post serves")
async def change_area(
    post_id: UUID, command: ChangeArea, actor: CanWrite, tx: Transaction
) -> PostDetail:
    return await handlers.change_area(command, post_id, tx)


@router.post("/grid-posts/{post_id}/staffings", status_code=201, summary="Put somebody in a post")
async def appoint_to_post(
    post_id: UUID, command: Appoint, actor: CanWrite, tx: PersonalTransaction
) -> StaffingView:
    return await staffing.appoint_to_post(command, post_id, tx)


@router.get("/grid-posts/{post_id}/staff", summary="Who stands and stood in a post")
async def list_post_staff(
    post_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[StaffingView]:
    return await queries.list_post_staff(post_id, tx)


@router.get("/grid-posts/{post_id}/tasks", summary="Open tasks of a post's area")
async def list_post_tasks(
    post_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TaskView]:
    return await queries.list_post_tasks(post_id, limit, cursor, tx)


@router.post("/grid-posts/{post_id}/closure", summary="Close a post")
async def close_post(
    post_id: UUID, command: ClosePost, actor: CanWrite, tx: Transaction
) -> PostDetail:
    return await handlers.close_post(command, post_id, tx)


@router.post(
    "/work-units/{work_unit_id}/staffings",
    status_code=201,
    summary="Name a unit's liaison officer or service staff",
)
async def appoint_to_unit(
    work_unit_id: UUID, command: Appoint, actor: CanWrite, tx: PersonalTransaction
) -> StaffingView:
    return await staffing.appoint_to_unit(command, work_unit_id, tx)


@router.get("/work-units/{work_unit_id}/staff", summary="A unit's liaison and service staff")
async def list_unit_staff(
    work_unit_id: UUID, actor: CanRead, tx: PersonalTransaction
) -> Sequence[StaffingView]:
    return await queries.list_unit_staff(work_unit_id, tx)


@router.post(
    "/staffings/{staffing_id}/handovers", status_code=201, summary="Begin a change of hand"
)
async def open_handover(
    staffing_id: UUID, command: OpenHandover, actor: CanWrite, tx: PersonalTransaction
) -> HandoverView:
    return await staffing.open_handover(command, staffing_id, tx)


@router.get("/handovers/{handover_id}", summary="Read a change of hand")
async def get_handover(handover_id: UUID, actor: CanReport, tx: Transaction) -> HandoverView:
    return await queries.get_handover(handover_id, tx)


@router.post("/handovers/{handover_id}/confirmations", summary="Confirm a change of hand")
async def confirm_handover(
    handover_id: UUID, command: ConfirmHandover, actor: CanReport, tx: PersonalTransaction
) -> HandoverView:
    return await staffing.confirm_handover(command, handover_id, tx)


@router.post("/handovers/{handover_id}/withdrawal", summary="Call a change of hand off")
async def withdraw_handover(handover_id: UUID, actor: CanWrite, tx: Transaction) -> HandoverView:
    return await staffing.withdraw_handover(handover_id, tx)


@router.post("/staffings/{staffing_id}/end", summary="Somebody leaves a post or unit")
async def end_staffing(
    staffing_id: UUID, command: EndStaffing, actor: CanWrite, tx: PersonalTransaction
) -> StaffingView:
    return await staffing.end_staffing(command, staffing_id, tx)


@router.get("/grid-coverage", summary="How well an area is served, by community")
async def get_coverage(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None
) -> CoverageView:
    return await coverage.get_coverage(region, tx)


@router.get("/grid-gaps", summary="Households or buildings that nobody serves")
async def list_gaps(
    actor: CanRead,
    tx: Transaction,
    of: Literal["households", "dwellings"] = "households",
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GapView]:
    return await coverage.list_gaps(of, region, limit, cursor, tx)


@router.get("/grid-map", summary="The coverage map, as SVG", response_class=Response)
async def draw_map(
    actor: CanRead, tx: Transaction, language: Language, region: RegionCode | None = None
) -> Response:
    svg = await maps.draw_map(region, language, tx)
    return Response(svg, media_type="image/svg+xml")


@router.get("/grid-chart", summary="The work-network chart, as SVG", response_class=Response)
async def draw_chart(
    actor: CanRead, tx: Transaction, language: Language, region: RegionCode | None = None
) -> Response:
    svg = await chart.draw_chart(region, language, tx)
    return Response(svg, media_type="image/svg+xml")


@router.get("/persons/{person_id}/service-contacts", summary="Who serves a person")
async def get_service_contacts(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ServiceContactsView:
    return await serving.get_service_contacts(person_id, tx)
