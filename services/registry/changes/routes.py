"""HTTP door of changes."""

from fastapi import APIRouter

from services.registry.auth import CanRead
from services.registry.changes import queries
from services.registry.changes.schemas import ChangePage
from shared.http import Cursor, Limit, Route, Transaction

router = APIRouter(tags=["changes"], route_class=Route)


@router.get("/changes", summary="Which records changed since a cursor")
async def list_changes(
    actor: CanRead, tx: Transaction, since: Cursor = None, limit: Limit = 100
) -> ChangePage:
    return await queries.list_changes(since, limit, tx)
