"""HTTP door of scorecards and vetoes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.assessment.auth import CanOversee, CanRead, CanWrite, Home
from services.assessment.periods import PeriodText
from services.assessment.scorecards import handlers, queries, vetoing
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.schemas import (
    ComputeScorecard,
    EvidenceView,
    LiftVeto,
    RaiseVeto,
    ScorecardView,
    VetoView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, Route, Transaction, etag
from shared.pages import Page

router = APIRouter(tags=["scorecards"], route_class=Route)


@router.post("/scorecards", status_code=201, summary="Compute a preliminary scorecard")
async def compute_scorecard(
    command: ComputeScorecard, actor: CanWrite, home: Home, tx: Transaction, response: Response
) -> ScorecardView:
    view = await handlers.compute_scorecard(command, home, tx)
    response.headers["Location"] = f"/assessment/v1/scorecards/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/scorecards", summary="Scorecards of an area and period")
async def list_scorecards(
    actor: CanRead,
    tx: Transaction,
    period: PeriodText | None = None,
    area: RegionCode | None = None,
    status: ScorecardStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ScorecardView]:
    return await queries.list_scorecards(period, area, status, limit, cursor, tx)


@router.get("/scorecards/{scorecard_id}", summary="A scorecard")
async def get_scorecard(
    scorecard_id: UUID, actor: CanRead, tx: Transaction, response: Response
) -> ScorecardView:
    view = await queries.get_scorecard(scorecard_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/scorecards/{scorecard_id}/evidence", summary="The counts behind a score")
async def get_evidence(scorecard_id: UUID, actor: CanRead, tx: Transaction) -> EvidenceView:
    return await queries.get_evidence(scorecard_id, tx)


@router.post("/scorecards/{scorecard_id}/publication", summary="Publish a scorecard")
async def publish_scorecard(
    scorecard_id: UUID, actor: CanWrite, tx: Transaction, response: Response
) -> ScorecardView:
    view = await handlers.publish_scorecard(scorecard_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/vetoes", status_code=201, summary="Hold scorecards back")
async def raise_veto(
    command: RaiseVeto, actor: CanOversee, home: Home, tx: Transaction
) -> VetoView:
    return await vetoing.raise_veto(command, home, tx)


@router.get("/vetoes", summary="Vetoes of an area")
async def list_vetoes(
    actor: CanRead,
    tx: Transaction,
    area: RegionCode | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VetoView]:
    return await queries.list_vetoes(area, is_open, limit, cursor, tx)


@router.post("/vetoes/{veto_id}/lifting", summary="Lift a veto")
async def lift_veto(
    veto_id: UUID, command: LiftVeto, actor: CanOversee, tx: Transaction
) -> VetoView:
    return await vetoing.lift_veto(command, veto_id, tx)
