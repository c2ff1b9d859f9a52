"""HTTP door of what our county pays for its residents elsewhere."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.migrant.auth import (
    CanAdminister,
    CanApprove,
    CanReadHere,
    CanReadList,
    CanReadOwn,
    CanWrite,
)
from services.migrant.claims import answering, paying, received_queries, routing
from services.migrant.claims.received_schemas import (
    ApproveClaimList,
    AssignClaim,
    ClaimBalances,
    ClaimListView,
    ClaimPayLine,
    ClaimRouteView,
    DrawClaimList,
    HandBackClaim,
    Inbox,
    Month,
    PayClaimList,
    ReceivedClaimView,
    SetClaimRoute,
)
from services.migrant.claims.schemas import DecideClaim, DisputeClaim
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["claims"], route_class=Route)


@router.get("/received-claims", summary="Claims of other counties; her own when she names herself")
async def list_received(
    actor: CanReadOwn,
    tx: PersonalTransaction,
    inbox: Annotated[Inbox, Query()],
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ReceivedClaimView]:
    return await received_queries.list_received(inbox, limit, cursor, tx)


@router.get("/received-claims/{claim_id}", summary="Read a claim of another county")
async def get_received(
    claim_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> ReceivedClaimView:
    return await received_queries.get_received(claim_id, tx)


@router.post("/received-claims/{claim_id}/decision", summary="Grant it, a part of it, or nothing")
async def decide_received(
    claim_id: UUID, command: DecideClaim, actor: CanWrite, tx: PersonalTransaction
) -> ReceivedClaimView:
    return await answering.decide_received(claim_id, command, tx)


@router.post("/received-claims/{claim_id}/dispute", summary="Name the inquiry or dispute about it")
async def dispute_received(
    claim_id: UUID, command: DisputeClaim, actor: CanWrite, tx: PersonalTransaction
) -> ReceivedClaimView:
    return await answering.dispute_received(claim_id, command, tx)


@router.post("/received-claims/{claim_id}/assignment", summary="Give it to another office")
async def assign_claim(
    claim_id: UUID, command: AssignClaim, actor: CanWrite, tx: PersonalTransaction
) -> ReceivedClaimView:
    return await routing.assign_claim(claim_id, command, tx)


@router.post("/received-claims/{claim_id}/hand-back", summary="Say that it is not this office's")
async def hand_back(
    claim_id: UUID, command: HandBackClaim, actor: CanWrite, tx: PersonalTransaction
) -> ReceivedClaimView:
    return await routing.hand_back(claim_id, command, tx)


@router.get("/claim-routes", summary="Which office answers for which claims")
async def list_claim_routes(actor: CanReadHere, tx: Transaction) -> Sequence[ClaimRouteView]:
    return await routing.list_claim_routes(tx)


@router.post("/claim-routes", status_code=201, summary="Enter, change or take back a line")
async def set_claim_route(
    command: SetClaimRoute, actor: CanAdminister, tx: Transaction
) -> ClaimRouteView:
    return await routing.set_claim_route(command, tx)


@router.post("/claim-payment-lists", status_code=201, summary="Draw up a list of payments")
async def draw_list(
    command: DrawClaimList, actor: CanWrite, tx: PersonalTransaction
) -> ClaimListView:
    return await paying.draw_list(command, tx)


@router.get("/claim-payment-lists", summary="Lists of payments, newest first")
async def list_lists(
    actor: CanReadList, tx: Transaction, limit: Limit = 25, cursor: Cursor = None
) -> Page[ClaimListView]:
    return await received_queries.list_lists(limit, cursor, tx)


@router.get("/claim-payment-lists/{payment_list_id}", summary="A list: its sum and where it stands")
async def get_list(payment_list_id: UUID, actor: CanReadList, tx: Transaction) -> ClaimListView:
    return await received_queries.get_list(payment_list_id, tx)


@router.get(
    "/claim-payment-lists/{payment_list_id}/lines", summary="Whom a list pays, on which account"
)
async def list_lines(
    payment_list_id: UUID, actor: CanReadList, tx: PersonalTransaction
) -> Sequence[ClaimPayLine]:
    return await received_queries.list_lines(payment_list_id, tx)


@router.post(
    "/claim-payment-lists/{payment_list_id}/approval", summary="As the second person: approve"
)
async def approve_list(
    payment_list_id: UUID, command: ApproveClaimList, actor: CanApprove, tx: PersonalTransaction
) -> ClaimListView:
    return await paying.approve_list(payment_list_id, command, tx)


@router.post("/claim-payment-lists/{payment_list_id}/payment", summary="Enter that a list was paid")
async def pay_list(
    payment_list_id: UUID, command: PayClaimList, actor: CanWrite, tx: PersonalTransaction
) -> ClaimListView:
    return await paying.pay_list(payment_list_id, command, tx)


@router.post(
    "/claim-payment-lists/{payment_list_id}/withdrawal", summary="Not to be paid by this list"
)
async def withdraw_list(
    payment_list_id: UUID, actor: CanWrite, tx: PersonalTransaction
) -> ClaimListView:
    return await paying.withdraw_list(payment_list_id, tx)


@router.get("/claim-balances", summary="What stands between our county and others, by month")
async def get_balances(
    actor: CanReadHere,
    tx: Transaction,
    month: Annotated[Month | None, Query(description="as 2026-01; unsaid: this month")] = None,
) -> ClaimBalances:
    return await received_queries.get_balances(month, tx)
