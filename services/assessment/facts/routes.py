"""HTTP door of facts: what is counted, and whether it was counted right."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.assessment.auth import CanOversee, CanRead
from services.assessment.facts import handlers, queries
from services.assessment.facts.schemas import KindView, RecountView, SettledInquiryView
from services.assessment.periods import PeriodText, parse_period
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["facts"], route_class=Route)


@router.get("/fact-kinds", summary="Kinds of facts, and what may be done with each")
async def list_kinds(actor: CanRead) -> Sequence[KindView]:
    return queries.list_kinds()


@router.get("/settled-inquiries", summary="The inquiries that settled where two sides differed")
async def list_settled(
    area: RegionCode,
    period: PeriodText,
    actor: CanRead,
    tx: Transaction,
    correct: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[SettledInquiryView]:
    days = parse_period(period)
    return await queries.list_settled(area, days.start, days.end, correct, limit, cursor, tx)


@router.post("/tallies/recount", summary="Recount the tallies from all facts")
async def rebuild_tallies(actor: CanOversee, tx: Transaction) -> RecountView:
    return await handlers.rebuild_tallies(tx)
