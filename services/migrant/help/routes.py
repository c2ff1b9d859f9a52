"""HTTP door of requests for help."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanActForSelf, CanReadOwn, CanWrite
from services.migrant.help import handlers, queries
from services.migrant.help.schemas import ExtendHelp, HelpView, RequestHelp, SettleHelp
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["help"], route_class=Route)


@router.post("/help-requests", status_code=201, summary="Ask for help")
async def request_help(
    command: RequestHelp, actor: CanActForSelf, tx: PersonalTransaction
) -> HelpView:
    return await handlers.request_help(command, tx)


@router.get("/help-requests/{request_id}", summary="Read a request for help")
async def get_request(request_id: UUID, actor: CanReadOwn, tx: PersonalTransaction) -> HelpView:
    return await queries.get_request(request_id, tx)


@router.post("/help-requests/{request_id}/acceptance", summary="Accept a request for help")
async def accept_help(request_id: UUID, actor: CanWrite, tx: PersonalTransaction) -> HelpView:
    return await handlers.accept_help(request_id, tx)


@router.post("/help-requests/{request_id}/extension", summary="Take 30 days more, with a reason")
async def extend_help(
    request_id: UUID, command: ExtendHelp, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.extend_help(request_id, command, tx)


@router.post("/help-requests/{request_id}/settlement", summary="Settle a request for help")
async def settle_help(
    request_id: UUID, command: SettleHelp, actor: CanWrite, tx: PersonalTransaction
) -> HelpView:
    return await handlers.settle_help(request_id, command, tx)
