"""HTTP door of the evidence log."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from services.exchange.auth import CanAdminister, CanRead
from services.exchange.evidence import handlers, queries
from services.exchange.evidence.schemas import (
    ConsistencyView,
    HeadView,
    ProofView,
    SubmitCosignature,
)
from services.exchange.participants.node import our_node
from services.exchange.participants.shown import ShownCertificate
from shared.db import Tx
from shared.http import PublicTransaction, Route, Transaction

router = APIRouter(prefix="/exchange/v1/evidence", tags=["evidence"], route_class=Route)

Size = Annotated[int, Query(ge=1, le=2**53)]


@router.get("/head", summary="The signed head of the log")
async def get_head(tx: PublicTransaction) -> HeadView:
    return await signed_head(tx)


@router.get("/proofs/{leaf}", summary="That a message is in the log")
async def get_proof(
    leaf: Annotated[int, Path(ge=0, le=2**53)], actor: CanRead, tx: Transaction
) -> ProofView:
    return await queries.get_proof(leaf, await signed_head(tx), tx)


@router.get("/consistency", summary="That the log only grew")
async def get_consistency(first: Size, second: Size, tx: PublicTransaction) -> ConsistencyView:
    return await queries.get_consistency(first, second, tx)


@router.get("/export", summary="The log as JSON lines", response_class=StreamingResponse)
async def export_log(actor: CanAdminister, tx: Transaction, request: Request) -> StreamingResponse:
    await signed_head(tx)
    lines = queries.export_log(request.app.state.database, actor)
    return StreamingResponse(lines, media_type="application/jsonl")


@router.post("/cosignatures", status_code=204, summary="A peer countersigns our head")
async def submit_cosignature(
    command: SubmitCosignature, shown: ShownCertificate, tx: PublicTransaction
) -> None:
    await handlers.submit_cosignature(command, shown, tx)


async def signed_head(tx: Tx) -> HeadView:
    node = await our_node(tx)
    return queries.head_view(await handlers.sign_head(tx), node.id)
