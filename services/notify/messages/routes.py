"""HTTP door of messages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.notify.auth import CanRead, CanSend
from services.notify.messages import handlers, queries
from services.notify.messages.schemas import (
    AcceptedView,
    BatchView,
    MessageView,
    SendMessage,
    SendMessages,
)
from services.notify.settings import Sending, Settings
from shared.http import Language, PersonalTransaction, Route

router = APIRouter(tags=["messages"], route_class=Route)


def _sending(request: Request) -> Sending:
    settings: Settings = request.app.state.settings
    return settings.sending


SendingRules = Annotated[Sending, Depends(_sending)]


@router.post("/messages", status_code=202, summary="Send a text")
async def send_message(
    command: SendMessage, actor: CanSend, tx: PersonalTransaction, sending: SendingRules
) -> AcceptedView:
    return await handlers.send_message(command, tx, sending)


@router.post(
    "/messages/batch", status_code=202, summary="Send many texts", response_model=BatchView
)
async def send_messages(
    command: SendMessages,
    actor: CanSend,
    tx: PersonalTransaction,
    sending: SendingRules,
    language: Language,
) -> Response:
    answer = await handlers.send_messages(command, tx, sending, language)
    return Response(answer, status_code=202, media_type="application/json")


@router.get("/messages/{message_id}", summary="What became of a text")
async def get_message(message_id: UUID, actor: CanRead, tx: PersonalTransaction) -> MessageView:
    return await queries.get_message(message_id, tx)
