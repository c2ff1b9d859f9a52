"""HTTP door of the digest."""

from uuid import UUID

from fastapi import APIRouter

from services.notify.auth import CanRead, CanSend
from services.notify.digests import handlers, queries
from services.notify.digests.schemas import EnterRecipient, RecipientView
from shared.http import Cursor, Limit, PersonalTransaction, Route
from shared.pages import Page

router = APIRouter(tags=["digests"], route_class=Route)


@router.post("/digest-recipients", status_code=201, summary="Send somebody the weekly digest")
async def enter_recipient(
    command: EnterRecipient, actor: CanSend, tx: PersonalTransaction
) -> RecipientView:
    return await handlers.enter_recipient(command, tx)


@router.get("/digest-recipients", summary="Who gets the weekly digest")
async def list_recipients(
    actor: CanRead, tx: PersonalTransaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[RecipientView]:
    return await queries.list_recipients(limit, cursor, tx)


@router.delete("/digest-recipients/{recipient_id}", status_code=204, summary="No more digests")
async def remove_recipient(recipient_id: UUID, actor: CanSend, tx: PersonalTransaction) -> None:
    await handlers.remove_recipient(recipient_id, tx)
