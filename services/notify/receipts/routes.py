"""HTTP doors: for providers, public addresses, each call signed (docs/guide/sms-provider.md); for
staff, what fits nothing and the texts that people sent."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.notify.auth import CanRead, CanSend, CanWrite
from services.notify.receipts import handlers, inbound, queries, replies
from services.notify.receipts.auth import SignedInbound, SignedReceipts
from services.notify.receipts.schemas import (
    AnswerReply,
    InboundText,
    Receipts,
    ReplyLine,
    ReplyView,
    TakenView,
    UnmatchedView,
)
from services.notify.settings import Sending, Settings
from shared.http import PersonalTransaction, PublicTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(route_class=Route)


def _sending(request: Request) -> Sending:
    settings: Settings = request.app.state.settings
    return settings.sending


SendingRules = Annotated[Sending, Depends(_sending)]


@router.post(
    "/receipts/{provider}", tags=["providers"], summary="Receipts from a provider (signed)"
)
async def take_receipts(
    name: SignedReceipts, command: Receipts, tx: PublicTransaction, sending: SendingRules
) -> TakenView:
    return await handlers.take_receipts(command, name, tx, sending)


@router.post("/inbound/{provider}", tags=["providers"], summary="A text a person sent (signed)")
async def take_inbound(
    name: SignedInbound, command: InboundText, tx: PublicTransaction, sending: SendingRules
) -> TakenView:
    return await inbound.take_inbound(command, name, tx, sending)


@router.get("/unmatched-receipts", tags=["messages"], summary="Receipts that fit no text of ours")
async def unmatched_receipts(actor: CanRead, tx: Transaction) -> Sequence[UnmatchedView]:
    return await queries.unmatched_receipts(tx)


@router.get("/replies", tags=["replies"], summary="Texts from people that wait for the staff")
async def list_replies(
    actor: CanRead,
    tx: PersonalTransaction,
    show: queries.Show = queries.Show.OPEN,
    region: Annotated[str | None, Query(pattern=r"^[0-9]{2,12}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[ReplyLine]:
    return await queries.list_replies(show, region, limit, cursor, tx)


@router.get("/replies/{reply_id}", tags=["replies"], summary="What somebody wrote to us")
async def read_reply(reply_id: UUID, actor: CanRead, tx: PersonalTransaction) -> ReplyView:
    return await replies.read_reply(reply_id, tx)


@router.post("/replies/{reply_id}/answer", tags=["replies"], summary="Text back, by a template")
async def answer_reply(
    reply_id: UUID,
    command: AnswerReply,
    actor: CanSend,
    tx: PersonalTransaction,
    sending: SendingRules,
) -> ReplyView:
    return await replies.answer_reply(reply_id, command, tx, sending)


@router.post("/replies/{reply_id}/done", tags=["replies"], summary="Nothing more to do")
async def finish_reply(reply_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> ReplyView:
    return await replies.finish_reply(reply_id, tx)
