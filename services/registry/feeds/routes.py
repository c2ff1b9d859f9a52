"""HTTP door of feeds."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response, UploadFile

from services.registry.auth import CanRead, CanWrite
from services.registry.feeds import deciding, handlers, profiles, queries
from services.registry.feeds.meanings import Department
from services.registry.feeds.models import FeedStatus
from services.registry.feeds.reasons import Outcome
from services.registry.feeds.report import MEDIA
from services.registry.feeds.schemas import (
    AcceptedFeed,
    ConflictPage,
    ConflictView,
    DecideConflict,
    FeedPage,
    FeedView,
    LinePage,
    MonthView,
    ProfileView,
    SidesView,
    StoreProfile,
)
from services.registry.imports.files import PART
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction

router = APIRouter(tags=["feeds"], route_class=Route)
Month = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="2026-01")]


@router.get("/feed-profiles", summary="Profiles in use")
async def list_profiles(actor: CanRead, tx: Transaction) -> list[ProfileView]:
    return await profiles.list_profiles(tx)


@router.post("/feed-profiles", status_code=201, summary="Store an own profile")
async def store_profile(command: StoreProfile, actor: CanWrite, tx: Transaction) -> ProfileView:
    return await profiles.store_profile(command, tx)


@router.post("/feeds", status_code=202, summary="Take in a department's batch")
async def accept_feed(
    file: UploadFile,
    profile: Annotated[str, Form(max_length=60, description="code of the profile")],
    month: Annotated[str, Form(max_length=7, description="2026-01")],
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
    dry_run: Annotated[bool, Form(description="compare only; apply it later")] = True,
) -> AcceptedFeed:
    view = await handlers.accept_feed(profile, month, dry_run, _parts(file), tx)
    response.headers["Location"] = f"/registry/v1/feeds/{view.id}"
    return view


async def _parts(file: UploadFile) -> AsyncIterator[bytes]:
    while part := await file.read(PART):
        yield part


@router.get("/feeds", summary="List batches")
async def list_feeds(
    actor: CanRead,
    tx: Transaction,
    language: Language,
    department: Department | None = None,
    month: Month | None = None,
    status: FeedStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> FeedPage:
    return await queries.list_feeds(department, month, status, limit, cursor, language, tx)


@router.get("/feeds/{feed_id}", summary="How far a batch has come")
async def get_feed(feed_id: UUID, actor: CanRead, tx: Transaction, language: Language) -> FeedView:
    return await queries.get_feed(feed_id, language, tx)


@router.get("/feeds/{feed_id}/lines", summary="Lines of a batch, masked")
async def list_lines(
    feed_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    language: Language,
    outcome: Outcome | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> LinePage:
    return await queries.list_lines(feed_id, outcome, limit, cursor, language, tx)


@router.get(
    "/feeds/{feed_id}/report",
    summary="The report as a workbook",
    response_class=Response,
    description="At most 20,000 lines with the reason beside each in Chinese and English. The"
    " header Next-Cursor is the cursor of the next such file.",
)
async def get_report(
    feed_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    outcome: Outcome | None = None,
    cursor: Cursor = None,
) -> Response:
    file = await queries.get_report(feed_id, outcome, cursor, tx)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    if file.next:
        headers["Next-Cursor"] = file.next
    return Response(file.content, media_type=MEDIA, headers=headers)


@router.post("/feeds/{feed_id}/application", status_code=202, summary="Apply after a dry run")
async def apply_feed(feed_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> AcceptedFeed:
    return await handlers.apply_feed(feed_id, tx)


@router.post("/feeds/{feed_id}/withdrawal", status_code=202, summary="Take a batch back")
async def withdraw_feed(feed_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> AcceptedFeed:
    return await handlers.withdraw_feed(feed_id, tx)


@router.post("/feeds/{feed_id}/cancellation", summary="Stop a batch")
async def cancel_feed(feed_id: UUID, actor: CanWrite, tx: Transaction) -> AcceptedFeed:
    return await handlers.cancel_feed(feed_id, tx)


@router.get("/feed-comparisons", summary="A month's batches beside the register, in counts")
async def list_months(
    actor: CanRead, tx: Transaction, month: Month | None = None
) -> list[MonthView]:
    return await queries.list_months(month, tx)


@router.get("/feed-conflicts", summary="Lines that contradict the register")
async def list_conflicts(
    actor: CanRead,
    tx: PersonalTransaction,
    language: Language,
    settled: bool = False,
    feed: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ConflictPage:
    return await queries.list_conflicts(settled, feed, limit, cursor, language, tx)


@router.get("/feed-conflicts/{task_id}", summary="Both sides of a conflict")
async def get_conflict(
    task_id: UUID, actor: CanWrite, tx: PersonalTransaction, language: Language
) -> SidesView:
    return await queries.get_conflict(task_id, language, tx)


@router.post("/feed-conflicts/{task_id}/decision", summary="Decide a conflict")
async def decide_conflict(
    task_id: UUID, command: DecideConflict, actor: CanWrite, tx: PersonalTransaction
) -> ConflictView:
    return await deciding.decide_conflict(command, task_id, tx)
