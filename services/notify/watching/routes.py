"""HTTP door of watching."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.notify.auth import CanReadHere
from services.notify.settings import Settings
from services.notify.watching import alerts, queries
from services.notify.watching.page import page_of
from services.notify.watching.schemas import AlertView, DeliveryView
from shared.db import Tx
from shared.http import Cursor, Language, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["watching"], route_class=Route)

_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}
_SHOWN_ALERTS = 50


async def _delivery(request: Request, tx: Tx) -> DeliveryView:
    settings: Settings = request.app.state.settings
    return await queries.get_delivery(tx, settings.sending)


@router.get("/delivery", summary="How delivery goes: counts of texts by provider and lane")
async def get_delivery(request: Request, actor: CanReadHere, tx: Transaction) -> DeliveryView:
    return await _delivery(request, tx)


@router.get(
    "/delivery/page",
    summary="The same as a page with charts",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_delivery_page(
    request: Request, actor: CanReadHere, tx: Transaction, language: Language
) -> Response:
    view = await _delivery(request, tx)
    open_alerts = await alerts.list_alerts(False, _SHOWN_ALERTS, None, tx)
    page = page_of(view, open_alerts.items, language)
    return Response(page, media_type="text/html", headers=_PAGE_HEADERS)


@router.get("/alerts", summary="Alerts of delivery, newest first")
async def list_alerts(
    actor: CanReadHere,
    tx: Transaction,
    cleared: Annotated[bool, Query(description="also those that are over")] = False,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[AlertView]:
    return await alerts.list_alerts(cleared, limit, cursor, tx)
