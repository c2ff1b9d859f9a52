"""HTTP door of entitlements. Public: the ranges of services are published by law (居住证暂行条例
art. 14), and nobody has to say who she is to learn what she can get."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from services.migrant.auth import CanAdminister, CanReadHere, CanReadOwn
from services.migrant.entitlements import handlers, queries
from services.migrant.entitlements.schemas import (
    CatalogueEntryView,
    CatalogueVersionView,
    DecideVersion,
    EntitlementView,
    LinkView,
    ProposeEntry,
    Question,
)
from services.migrant.entitlements.sheets import link_of, page_of, sheet_of
from services.migrant.entitlements.versions import VersionState
from services.migrant.settings import Settings
from shared.codes import RegionCode
from shared.http import (
    Cursor,
    IfMatch,
    Language,
    Limit,
    PublicTransaction,
    Route,
    Transaction,
    etag,
)
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["entitlements"], route_class=Route)

_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Vary": "Accept, Accept-Language",
}


@router.get(
    "/entitlements",
    summary="What a migrant can get here; nothing asked is kept",
    response_model=list[EntitlementView],
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def list_entitlements(
    question: Annotated[Question, Query()],
    language: Language,
    tx: PublicTransaction,
    accept: Annotated[str, Header()] = "",
) -> Sequence[EntitlementView] | Response:
    views = await queries.answer(question, language, tx)
    if "text/html" in accept:  # a phone that scanned the code
        return Response(page_of(views, language), media_type="text/html", headers=_PAGE_HEADERS)
    return views


@router.get("/entitlements/link", summary="A link and QR code that hold the answers' ids alone")
async def get_link(
    question: Annotated[Question, Query()],
    language: Language,
    actor: CanReadOwn,
    tx: Transaction,
    request: Request,
) -> LinkView:
    return link_of(await queries.answer(question, language, tx), _base(request))


@router.get("/entitlements/sheet", summary="What she can get, on one page", response_class=Response)
async def print_sheet(
    question: Annotated[Question, Query()],
    language: Language,
    actor: CanReadOwn,
    tx: Transaction,
    request: Request,
) -> Response:
    views = await queries.answer(question, language, tx)
    pdf = await sheet_of(views, language, _base(request))
    return Response(pdf, media_type="application/pdf")


def _base(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return settings.public_url


# the catalogue as the county keeps it


@router.get("/catalogue/{code}", summary="An entry of the catalogue, as it holds in an area")
async def get_entry(
    code: str,
    actor: CanReadHere,
    tx: Transaction,
    response: Response,
    area: RegionCode | None = None,
    on: CalendarDay | None = None,
) -> CatalogueEntryView:
    view = await queries.get_entry(code, area, on, tx)
    response.headers["ETag"] = etag(view.number)
    return view


@router.put("/catalogue/{code}", status_code=201, summary="Propose a version of an entry")
async def propose_entry(
    code: str, command: ProposeEntry, number: IfMatch, actor: CanAdminister, tx: Transaction
) -> CatalogueVersionView:
    return await handlers.propose_entry(command, code, number, tx)


@router.get("/catalogue-versions", summary="Versions proposed, approved and returned")
async def list_versions(
    actor: CanReadHere,
    tx: Transaction,
    code: str | None = None,
    state: VersionState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CatalogueVersionView]:
    return await queries.list_versions(code, state, limit, cursor, tx)


@router.post("/catalogue-versions/{version_id}/approval", summary="Somebody else approves")
async def approve_version(
    version_id: UUID, command: DecideVersion, actor: CanAdminister, tx: Transaction
) -> CatalogueVersionView:
    return await handlers.approve_version(command, version_id, tx)


@router.post("/catalogue-versions/{version_id}/return", summary="Somebody else returns it")
async def return_version(
    version_id: UUID, command: DecideVersion, actor: CanAdminister, tx: Transaction
) -> CatalogueVersionView:
    return await handlers.return_version(command, version_id, tx)
