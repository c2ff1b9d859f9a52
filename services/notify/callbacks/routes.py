"""HTTP door for providers that call in a shape of their own: public addresses, each with a token
(docs/guide/sms-provider.md). Some of them can only get (GET)."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import JsonValue

from services.notify.callbacks import handlers
from services.notify.callbacks.auth import KnownCaller
from services.notify.callbacks.reading import entries_of
from services.notify.providers.cloud.shapes import Entries
from services.notify.receipts.routes import SendingRules
from shared.http import PublicTransaction, Route

router = APIRouter(tags=["providers"], route_class=Route)


async def _entries(shape: Entries | None, request: Request) -> list[JsonValue]:
    if shape is None:
        return []
    content_type = request.headers.get("content-type", "")
    return entries_of(shape, await request.body(), content_type, request.url.query)


async def _receipts(caller: KnownCaller, request: Request) -> list[JsonValue]:
    return await _entries(caller.receipts, request)


async def _texts(caller: KnownCaller, request: Request) -> list[JsonValue]:
    return await _entries(caller.inbound, request)


ReceiptEntries = Annotated[list[JsonValue], Depends(_receipts)]
TextEntries = Annotated[list[JsonValue], Depends(_texts)]


@router.post("/callbacks/{provider}/receipts", summary="Receipts in a provider's own shape")
async def post_receipts(
    caller: KnownCaller, entries: ReceiptEntries, tx: PublicTransaction, sending: SendingRules
) -> Response:
    return _reply(await handlers.take_receipts(caller, entries, tx, sending))


@router.get("/callbacks/{provider}/receipts", summary="A receipt of a provider that can only get")
async def get_receipts(
    caller: KnownCaller, entries: ReceiptEntries, tx: PublicTransaction, sending: SendingRules
) -> Response:
    return _reply(await handlers.take_receipts(caller, entries, tx, sending))


@router.post("/callbacks/{provider}/inbound", summary="Texts in a provider's own shape")
async def post_inbound(
    caller: KnownCaller, entries: TextEntries, tx: PublicTransaction, sending: SendingRules
) -> Response:
    return _reply(await handlers.take_inbound(caller, entries, tx, sending))


@router.get("/callbacks/{provider}/inbound", summary="A text of a provider that can only get")
async def get_inbound(
    caller: KnownCaller, entries: TextEntries, tx: PublicTransaction, sending: SendingRules
) -> Response:
    return _reply(await handlers.take_inbound(caller, entries, tx, sending))


def _reply(said: JsonValue) -> Response:
    if isinstance(said, str):
        return Response(said, media_type="text/plain; charset=utf-8")
    return Response(json.dumps(said, ensure_ascii=False), media_type="application/json")
