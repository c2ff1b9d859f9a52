"""HTTP door of duplicates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.duplicates import handlers, queries
from services.registry.duplicates.models import Decision
from services.registry.duplicates.schemas import (
    Band,
    DecideDuplicate,
    DuplicateView,
    PutThresholds,
    SearchDuplicates,
    SearchView,
    ThresholdsView,
    UnmergeDuplicate,
)
from shared.codes import RegionCode
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["duplicates"], route_class=Route)


@router.post("/duplicate-searches", status_code=202, summary="Search a region for duplicates")
async def search_duplicates(
    command: SearchDuplicates,
    actor: CanWrite,
    tx: PersonalTransaction,
    language: Language,
    response: Response,
) -> SearchView:
    view = await handlers.search_duplicates(command, language, tx)
    response.headers["Location"] = f"/registry/v1/duplicate-searches/{view.id}"
    return view


@router.get("/duplicate-searches", summary="Searches, the latest first")
async def list_searches(
    actor: CanRead, tx: Transaction, language: Language, limit: Limit = 50, cursor: Cursor = None
) -> Page[SearchView]:
    return await queries.list_searches(limit, cursor, language, tx)


@router.get("/duplicate-searches/{search_id}", summary="How far a search has come")
async def get_search(
    search_id: UUID, actor: CanRead, tx: Transaction, language: Language
) -> SearchView:
    return await queries.get_search(search_id, language, tx)


@router.post("/duplicate-searches/{search_id}/cancellation", summary="Call a search off")
async def cancel_search(
    search_id: UUID, actor: CanWrite, tx: Transaction, language: Language
) -> SearchView:
    return await handlers.cancel_search(search_id, language, tx)


@router.get("/duplicates", summary="List pairs that may be one person, the strongest first")
async def list_duplicates(
    actor: CanRead,
    tx: PersonalTransaction,
    language: Language,
    status: Decision = Decision.OPEN,
    region: RegionCode | None = None,
    band: Band | None = None,
    evidence: Annotated[str | None, Query(max_length=60, description="a code of evidence")] = None,
    search_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DuplicateView]:
    return await queries.list_duplicates(
        status, region, band, evidence, search_id, limit, cursor, language, tx
    )


@router.get("/duplicates/thresholds", summary="Thresholds in force, and those decisions speak for")
async def get_thresholds(
    actor: CanRead, tx: Transaction, region: RegionCode | None = None
) -> ThresholdsView:
    return await queries.get_thresholds(region, tx)


@router.post("/duplicates/thresholds", status_code=201, summary="Put thresholds in force")
async def put_thresholds(
    command: PutThresholds, actor: CanWrite, tx: Transaction
) -> ThresholdsView:
    return await handlers.put_thresholds(command, tx)


@router.post("/duplicates/{duplicate_id}/decision", summary="Decide a pair")
async def decide_duplicate(
    duplicate_id: UUID,
    command: DecideDuplicate,
    actor: CanWrite,
    tx: PersonalTransaction,
    language: Language,
) -> DuplicateView:
    return await handlers.decide_duplicate(command, duplicate_id, language, tx)


@router.post("/duplicates/{duplicate_id}/unmerge", summary="Undo a merge")
async def unmerge_duplicate(
    duplicate_id: UUID,
    actor: CanWrite,
    tx: PersonalTransaction,
    language: Language,
    command: UnmergeDuplicate | None = None,
) -> DuplicateView:
    return await handlers.unmerge_duplicate(
        command or UnmergeDuplicate(), duplicate_id, language, tx
    )
