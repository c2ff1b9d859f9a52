"""HTTP door of reconciliations: counts, hashes and ids of messages, never a person."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.exchange.auth import CanAdminister, CanReadHere
from services.exchange.reconciliations import handlers, queries
from services.exchange.reconciliations.charts import counts_chart
from services.exchange.reconciliations.schemas import (
    Form,
    LineView,
    ReconciliationSummary,
    ReconciliationView,
    StartReconciliation,
)
from services.exchange.reconciliations.sheets import lines_workbook
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page
from shared.sheets import XLSX_MEDIA

router = APIRouter(tags=["reconciliations"], route_class=Route)

_SVG = "image/svg+xml"
_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            _SVG: {"schema": {"type": "string"}},
            XLSX_MEDIA: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
AsForm = Annotated[Form, Query(alias="format", description="json, xlsx or svg")]


@router.post("/reconciliations", status_code=201, summary="Compare with a peer what was exchanged")
async def start_reconciliation(
    command: StartReconciliation, actor: CanAdminister, tx: Transaction, response: Response
) -> ReconciliationView:
    view = await handlers.start_reconciliation(command, tx)
    response.headers["Location"] = f"/exchange/v1/reconciliations/{view.id}"
    return view


@router.get("/reconciliations", summary="Reconciliations, newest first")
async def list_reconciliations(
    actor: CanReadHere,
    tx: Transaction,
    peer: Annotated[str | None, Query(max_length=63)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReconciliationSummary]:
    return await queries.list_reconciliations(peer, limit, cursor, tx)


@router.get(
    "/reconciliations/{reconciliation_id}",
    summary="What was sent, received, confirmed, and where the two differ",
    response_model=ReconciliationView,
    responses=_FORMS,
)
async def get_reconciliation(
    reconciliation_id: UUID, actor: CanReadHere, tx: Transaction, form: AsForm = Form.JSON
) -> ReconciliationView | Response:
    view = await queries.get_reconciliation(reconciliation_id, tx)
    match form:
        case Form.SVG:
            return Response(counts_chart(view), media_type=_SVG)
        case Form.XLSX:
            return Response(await lines_workbook(view, tx), media_type=XLSX_MEDIA)
        case _:
            return view


@router.get("/reconciliations/{reconciliation_id}/lines", summary="Each difference, explained")
async def list_lines(
    reconciliation_id: UUID,
    actor: CanReadHere,
    tx: Transaction,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LineView]:
    return await queries.list_lines(reconciliation_id, limit, cursor, tx)
