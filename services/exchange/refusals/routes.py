"""HTTP door of refusals."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.exchange.auth import CanAdminister
from services.exchange.evidence.routes import signed_head
from services.exchange.refusals import queries
from services.exchange.refusals.schemas import RefusalProofView
from shared.http import Route, Transaction

router = APIRouter(tags=["evidence"], route_class=Route)


@router.get("/refusals/{refusal_id}/proof", summary="That a message was refused")
async def get_refusal_proof(
    refusal_id: Annotated[int, Path(ge=1, le=2**53)], actor: CanAdminister, tx: Transaction
) -> RefusalProofView:
    return await queries.get_refusal_proof(refusal_id, await signed_head(tx), tx)
