"""HTTP door of notices."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.exchange.auth import CanRead, CanWrite
from services.exchange.notices import handlers, queries
from services.exchange.notices.models import NoticeDirection
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import Feedback, NoticeSummary, NoticeView, SendNotice
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["notices"], route_class=Route)


@router.post("/notices", status_code=201, summary="Tell another county or node")
async def send_notice(
    command: SendNotice, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> NoticeView:
    view = await handlers.send_notice(command, tx)
    response.headers["Location"] = f"/exchange/v1/notices/{view.id}"
    return view


@router.get("/notices", summary="Notices sent and received")
async def list_notices(
    actor: CanRead,
    tx: Transaction,
    direction: NoticeDirection | None = None,
    kind: NoticeKind | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[NoticeSummary]:
    return await queries.list_notices(direction, kind, limit, cursor, tx)


@router.get("/notices/{notice_id}", summary="One notice with its content")
async def get_notice(notice_id: UUID, actor: CanRead, tx: PersonalTransaction) -> NoticeView:
    return await queries.get_notice(notice_id, tx)


@router.post("/notices/{notice_id}/feedback", summary="Say whether it fits our records")
async def give_feedback(
    notice_id: UUID, command: Feedback, actor: CanWrite, tx: PersonalTransaction
) -> NoticeView:
    return await handlers.give_feedback(command, notice_id, tx)
