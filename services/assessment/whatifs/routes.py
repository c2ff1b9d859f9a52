"""HTTP door of what-ifs."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.assessment.auth import CanRead, CanWrite, Home
from services.assessment.fields import Slug
from services.assessment.whatifs import handlers, queries
from services.assessment.whatifs.schemas import TryScheme, WhatIfLineView, WhatIfView
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["schemes"], route_class=Route)


@router.post("/schemes/{code}/what-ifs", status_code=202, summary="Try a draft on what has been")
async def try_scheme(
    code: str, command: TryScheme, actor: CanWrite, home: Home, tx: Transaction, response: Response
) -> WhatIfView:
    view = await handlers.try_scheme(command, code, home, tx)
    response.headers["Location"] = f"/assessment/v1/what-ifs/{view.id}"
    return view


@router.get("/what-ifs", summary="What-ifs, the newest first")
async def list_what_ifs(
    actor: CanRead,
    tx: Transaction,
    scheme: Slug | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WhatIfView]:
    return await queries.list_what_ifs(scheme, limit, cursor, tx)


@router.get("/what-ifs/{what_if_id}", summary="How far a what-if is")
async def get_what_if(what_if_id: UUID, actor: CanRead, tx: Transaction) -> WhatIfView:
    return await queries.get_what_if(what_if_id, tx)


@router.get("/what-ifs/{what_if_id}/lines", summary="What each area would have got")
async def list_lines(
    what_if_id: UUID,
    actor: CanRead,
    tx: Transaction,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WhatIfLineView]:
    return await queries.list_lines(what_if_id, limit, cursor, tx)


@router.post("/what-ifs/{what_if_id}/cancellation", summary="Stop a what-if")
async def cancel_what_if(what_if_id: UUID, actor: CanWrite, tx: Transaction) -> WhatIfView:
    return await handlers.cancel_what_if(what_if_id, tx)
