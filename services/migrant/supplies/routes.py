"""HTTP door of free supplies. No route takes a person, and no answer names one."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.migrant.auth import CanDispense, CanDrawCodes, CanRead, CanReadOwn, CanWrite
from services.migrant.supplies import handlers, queries
from services.migrant.supplies.cards import sheet_of
from services.migrant.supplies.door import AnonymousTransaction
from services.migrant.supplies.schemas import (
    CodesView,
    Dispense,
    DispensedView,
    FigureView,
    IssueCodes,
    ItemView,
    MovementView,
    MoveStock,
    ReportDispensings,
    ReportView,
    SetReorderLevel,
    StockView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Language, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["supplies"], route_class=Route)

Region = Annotated[RegionCode | None, Query(max_length=12)]
Period = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-06"])]


@router.get("/supply-items", summary="Which supplies there are")
async def list_items(actor: CanReadOwn, language: Language) -> Sequence[ItemView]:
    return queries.list_items(language)


@router.get("/places/{place_id}/supply-movements", summary="The ledger of a place, newest first")
async def list_movements(
    place_id: UUID, actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[MovementView]:
    return await queries.list_movements(place_id, limit, cursor, tx)


@router.post("/supply-movements", status_code=201, summary="Enter receipts, losses and counts")
async def move_stock(command: MoveStock, actor: CanWrite, tx: Transaction) -> MovementView:
    return await handlers.move_stock(command, tx)


@router.post("/supply-levels", summary="Set from how few on a place is to be filled up")
async def set_reorder_level(
    command: SetReorderLevel, actor: CanWrite, tx: Transaction
) -> StockView:
    return await handlers.set_reorder_level(command, tx)


@router.get("/supply-stock", summary="Stock, the emptiest first")
async def list_stock(
    actor: CanRead,
    tx: Transaction,
    region: Region = None,
    low: Annotated[bool, Query(description="only what is to be filled up")] = False,
) -> Sequence[StockView]:
    return await queries.list_stock(region, low, tx)


@router.post("/supply-codes", status_code=201, summary="Draw codes; nobody keeps who drew them")
async def issue_codes(
    command: IssueCodes, actor: CanDrawCodes, tx: AnonymousTransaction
) -> CodesView:
    return await handlers.issue_codes(command, tx)


@router.post(
    "/supply-cards",
    summary="Draw codes as a sheet of cards to cut apart",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def print_cards(
    command: IssueCodes, actor: CanDrawCodes, tx: AnonymousTransaction
) -> Response:
    sheet = await sheet_of(await handlers.issue_codes(command, tx))
    headers = {"Cache-Control": "no-store"}
    return Response(sheet, media_type="application/pdf", headers=headers)


@router.post("/supply-dispensings", summary="Hand out against a code")
async def dispense(command: Dispense, actor: CanDispense, tx: Transaction) -> DispensedView:
    return await handlers.dispense(command, tx)


@router.post("/supply-reports", summary="Report what was handed out without a network")
async def report_dispensings(
    command: ReportDispensings, actor: CanDispense, tx: Transaction
) -> ReportView:
    return await handlers.report_dispensings(command, tx)


@router.get("/supply-figures", summary="A month of each place")
async def list_figures(
    actor: CanRead, tx: Transaction, period: Period, region: Region = None
) -> Sequence[FigureView]:
    return await queries.list_figures(region, period, tx)
