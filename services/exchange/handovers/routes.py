"""HTTP door of handovers."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.exchange.auth import CanRead, CanWrite
from services.exchange.handovers import handlers, queries
from services.exchange.handovers.rules import Role, Stage
from services.exchange.handovers.schemas import (
    AcceptHandover,
    EndHandover,
    HandoverSummary,
    HandoverView,
    KeepingView,
    OfferHandover,
)
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["handovers"], route_class=Route)


@router.post("/handovers", status_code=201, summary="Offer another county a record's keeping")
async def offer_handover(
    command: OfferHandover, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> HandoverView:
    view = await handlers.offer_handover(command, tx)
    response.headers["Location"] = f"/exchange/v1/handovers/{view.id}"
    return view


@router.get("/handovers", summary="Handovers: ours as giver, ours as taker")
async def list_handovers(
    actor: CanRead,
    tx: Transaction,
    role: Role | None = None,
    stage: Stage | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[HandoverSummary]:
    return await queries.list_handovers(role, stage, limit, cursor, tx)


@router.get("/handovers/{handover_id}", summary="One handover")
async def get_handover(handover_id: UUID, actor: CanRead, tx: PersonalTransaction) -> HandoverView:
    return await queries.get_handover(handover_id, tx)


@router.post("/handovers/{handover_id}/acceptance", summary="Take a record's keeping over")
async def accept_handover(
    handover_id: UUID, command: AcceptHandover, actor: CanWrite, tx: PersonalTransaction
) -> HandoverView:
    return await handlers.accept_handover(command, handover_id, tx)


@router.post("/handovers/{handover_id}/declination", summary="Decline an offer, with the reason")
async def decline_handover(
    handover_id: UUID, command: EndHandover, actor: CanWrite, tx: PersonalTransaction
) -> HandoverView:
    return await handlers.decline_handover(command, handover_id, tx)


@router.post("/handovers/{handover_id}/withdrawal", summary="Withdraw one's own offer")
async def withdraw_handover(
    handover_id: UUID, command: EndHandover, actor: CanWrite, tx: PersonalTransaction
) -> HandoverView:
    return await handlers.withdraw_handover(command, handover_id, tx)


@router.get("/keepings/{person_id}", summary="Which county keeps a record")
async def get_keeping(person_id: UUID, actor: CanRead, tx: PersonalTransaction) -> KeepingView:
    return await queries.get_keeping(person_id, tx)
