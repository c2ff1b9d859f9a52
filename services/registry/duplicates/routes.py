"""HTTP door of duplicates."""

from uuid import UUID

from fastapi import APIRouter

from services.registry.auth import CanRead, CanWrite
from services.registry.duplicates import handlers, queries
from services.registry.duplicates.models import Decision
from services.registry.duplicates.schemas import (
    DecideDuplicate,
    DuplicateView,
    SearchDuplicates,
    SearchView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["duplicates"], route_class=Route)


@router.post("/duplicate-searches", summary="Search a batch of records for duplicates")
async def search_duplicates(
    command: SearchDuplicates, actor: CanWrite, tx: PersonalTransaction
) -> SearchView:
    return await handlers.search_duplicates(command, tx)


@router.get("/duplicates", summary="List pairs that may be one person")
async def list_duplicates(
    actor: CanRead,
    tx: PersonalTransaction,
    status: Decision = Decision.OPEN,
    region: RegionCode | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DuplicateView]:
    return await queries.list_duplicates(status, region, limit, cursor, tx)


@router.post("/duplicates/{duplicate_id}/decision", summary="Decide a pair")
async def decide_duplicate(
    duplicate_id: UUID, command: DecideDuplicate, actor: CanWrite, tx: PersonalTransaction
) -> DuplicateView:
    return await handlers.decide_duplicate(command, duplicate_id, tx)


@router.post("/duplicates/{duplicate_id}/unmerge", summary="Undo a merge")
async def unmerge_duplicate(
    duplicate_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> DuplicateView:
    return await handlers.unmerge_duplicate(duplicate_id, tx)
