"""HTTP door of schemes."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.assessment.auth import CanDeclare, CanRead
from services.assessment.schemes import handlers, queries
from services.assessment.schemes.schemas import DeclareScheme, PublishScheme, SchemeView
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["schemes"], route_class=Route)


@router.get("/schemes", summary="Schemes, the latest version of each")
async def list_schemes(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[SchemeView]:
    return await queries.list_schemes(limit, cursor, tx)


@router.post("/schemes", status_code=201, summary="Draft a scheme or a new version")
async def declare_scheme(
    command: DeclareScheme, actor: CanDeclare, tx: Transaction, response: Response
) -> SchemeView:
    view = await handlers.declare_scheme(command, tx)
    response.headers["Location"] = f"/assessment/v1/schemes/{view.code}"
    return view


@router.get("/schemes/{code}", summary="A scheme")
async def get_scheme(
    code: str,
    actor: CanRead,
    tx: Transaction,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> SchemeView:
    return await queries.get_scheme(code, version, tx)


@router.post("/schemes/{code}/publication", summary="Put a drafted version in force")
async def publish_scheme(
    code: str, command: PublishScheme, actor: CanDeclare, tx: Transaction
) -> SchemeView:
    return await handlers.publish_scheme(command, code, tx)
