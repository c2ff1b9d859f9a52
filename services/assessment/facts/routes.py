"""HTTP door of facts: what is counted, and whether it was counted right."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.assessment.auth import CanOversee, CanRead
from services.assessment.facts import handlers, queries
from services.assessment.facts.schemas import KindView, RecountView
from shared.http import Route, Transaction

router = APIRouter(tags=["facts"], route_class=Route)


@router.get("/fact-kinds", summary="Kinds of facts, and what may be done with each")
async def list_kinds(actor: CanRead) -> Sequence[KindView]:
    return queries.list_kinds()


@router.post("/tallies/recount", summary="Recount the tallies from all facts")
async def rebuild_tallies(actor: CanOversee, tx: Transaction) -> RecountView:
    return await handlers.rebuild_tallies(tx)
