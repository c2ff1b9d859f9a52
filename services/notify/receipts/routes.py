"""HTTP door for providers: public addresses, each call signed (docs/guide/sms-provider.md)."""

from fastapi import APIRouter

from services.notify.receipts import handlers
from services.notify.receipts.auth import SignedInbound, SignedReceipts
from services.notify.receipts.schemas import InboundText, Receipts, TakenView
from shared.http import PublicTransaction, Route

router = APIRouter(tags=["providers"], route_class=Route)


@router.post("/receipts/{provider}", summary="Receipts from a provider (signed)")
async def take_receipts(
    name: SignedReceipts, command: Receipts, tx: PublicTransaction
) -> TakenView:
    return await handlers.take_receipts(command, name, tx)


@router.post("/inbound/{provider}", summary="A text a person sent (signed)")
async def take_inbound(
    name: SignedInbound, command: InboundText, tx: PublicTransaction
) -> TakenView:
    return await handlers.take_inbound(command, name, tx)
