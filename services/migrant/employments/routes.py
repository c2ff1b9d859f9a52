"""HTTP door of employment filings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.auth import CanEmploy
from services.migrant.employments import handlers, queries
from services.migrant.employments.schemas import (
    CorrectEmployment,
    EndEmployment,
    FileEmployment,
    FileLeaver,
    Receipt,
)
from shared.codes import CreditCode
from shared.http import Cursor, IfMatch, Limit, PersonalTransaction, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["employments"], route_class=Route)


@router.post("/employments", status_code=201, summary="File a hire")
async def file_employment(
    command: FileEmployment, actor: CanEmploy, tx: PersonalTransaction, response: Response
) -> Receipt:
    receipt = await handlers.file_employment(command, tx)
    response.headers["Location"] = f"/migrant/v1/employments/{receipt.id}"
    response.headers["ETag"] = etag(receipt.version)
    return receipt


@router.get("/employments", summary="Receipts of one's own filings, newest first")
async def list_receipts(
    actor: CanEmploy,
    tx: Transaction,
    employer_code: Annotated[CreditCode | None, Query(max_length=18)] = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[Receipt]:
    return await queries.list_receipts(employer_code, limit, cursor, tx)


@router.get("/employments/{employment_id}", summary="The receipt of a filing")
async def get_receipt(
    employment_id: UUID, actor: CanEmploy, tx: Transaction, response: Response
) -> Receipt:
    receipt = await queries.get_receipt(employment_id, tx)
    response.headers["ETag"] = etag(receipt.version)
    return receipt


@router.patch("/employments/{employment_id}", summary="Correct a filing")
async def correct_employment(
    employment_id: UUID,
    command: CorrectEmployment,
    version: IfMatch,
    actor: CanEmploy,
    tx: PersonalTransaction,
    response: Response,
) -> Receipt:
    receipt = await handlers.correct_employment(command, employment_id, version, tx)
    response.headers["ETag"] = etag(receipt.version)
    return receipt


@router.post("/employments/{employment_id}/end", summary="File that the worker left")
async def end_employment(
    employment_id: UUID, command: EndEmployment, actor: CanEmploy, tx: PersonalTransaction
) -> Receipt:
    return await handlers.end_employment(command, employment_id, tx)


@router.post("/employments/{employment_id}/withdrawal", summary="Take a filing back")
async def withdraw_employment(
    employment_id: UUID, actor: CanEmploy, tx: PersonalTransaction
) -> Receipt:
    return await handlers.withdraw_employment(employment_id, tx)


@router.post("/leavers", summary="File that a worker left, by her id number")
async def file_leaver(command: FileLeaver, actor: CanEmploy, tx: PersonalTransaction) -> Receipt:
    return await handlers.file_leaver(command, tx)
