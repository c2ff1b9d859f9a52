"""HTTP door of work in the field."""

from fastapi import APIRouter

from services.registry.auth import CanReport
from services.registry.field import handlers
from services.registry.field.schemas import BatchResult, FieldBatch
from shared.http import PersonalTransaction, Route

router = APIRouter(tags=["field"], route_class=Route)


@router.post("/field-batches", summary="Send what a device took down while it was offline")
async def apply_batch(batch: FieldBatch, actor: CanReport, tx: PersonalTransaction) -> BatchResult:
    return await handlers.apply_batch(batch, tx)
