"""HTTP door of regional agreements."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.exchange.agreements import handlers, queries
from services.exchange.agreements.schemas import (
    AgreementView,
    AnswerAgreement,
    EndAgreement,
    ProposeAgreement,
)
from services.exchange.auth import CanAdminister, CanReadHere
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["agreements"], route_class=Route)


@router.post("/agreements", status_code=201, summary="Propose an agreement to another place")
async def propose_agreement(
    command: ProposeAgreement, actor: CanAdminister, tx: Transaction, response: Response
) -> AgreementView:
    view = await handlers.propose_agreement(command, tx)
    response.headers["Location"] = f"/exchange/v1/agreements/{view.id}"
    return view


@router.get("/agreements", summary="Agreements with other places, newest first")
async def list_agreements(
    actor: CanReadHere,
    tx: Transaction,
    peer: Annotated[str | None, Query(max_length=63)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AgreementView]:
    return await queries.list_agreements(peer, limit, cursor, tx)


@router.get("/agreements/{agreement_id}", summary="One agreement")
async def get_agreement(agreement_id: UUID, actor: CanReadHere, tx: Transaction) -> AgreementView:
    return await queries.get_agreement(agreement_id, tx)


@router.post("/agreements/{agreement_id}/answer", summary="Agree to it, or not")
async def answer_agreement(
    agreement_id: UUID, command: AnswerAgreement, actor: CanAdminister, tx: Transaction
) -> AgreementView:
    return await handlers.answer_agreement(command, agreement_id, tx)


@router.post("/agreements/{agreement_id}/end", summary="End it with a day")
async def end_agreement(
    agreement_id: UUID, command: EndAgreement, actor: CanAdminister, tx: Transaction
) -> AgreementView:
    return await handlers.end_agreement(command, agreement_id, tx)
