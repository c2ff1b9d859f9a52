"""HTTP door of monthly figures."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.exchange.auth import CanAdminister, CanReadHere
from services.exchange.figures import handlers, queries
from services.exchange.figures.models import FiguresKind
from services.exchange.figures.schemas import FiguresView, SendFigures
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["figures"], route_class=Route)


@router.post("/monthly-figures", status_code=201, summary="Tell a department a month's aggregates")
async def send_figures(command: SendFigures, actor: CanAdminister, tx: Transaction) -> FiguresView:
    return await handlers.send_figures(command, tx)


@router.get("/monthly-figures", summary="Figures told and received, newest first")
async def list_figures(
    actor: CanReadHere,
    tx: Transaction,
    kind: FiguresKind | None = None,
    peer: Annotated[str | None, Query(max_length=63)] = None,
    month: Annotated[str | None, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FiguresView]:
    return await queries.list_figures(kind, peer, month, limit, cursor, tx)
