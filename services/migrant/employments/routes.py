"""HTTP door of employment filings."""

from uuid import UUID

from fastapi import APIRouter

from services.migrant.auth import CanEmploy
from services.migrant.employments import handlers, queries
from services.migrant.employments.schemas import FileEmployment, Receipt
from shared.http import PersonalTransaction, Route, Transaction

router = APIRouter(tags=["employments"], route_class=Route)


@router.post("/employments", status_code=201, summary="File a hire")
async def file_employment(
    command: FileEmployment, actor: CanEmploy, tx: PersonalTransaction
) -> Receipt:
    return await handlers.file_employment(command, tx)


@router.get("/employments/{employment_id}", summary="The receipt of a filing")
async def get_receipt(employment_id: UUID, actor: CanEmploy, tx: Transaction) -> Receipt:
    return await queries.get_receipt(employment_id, tx)
