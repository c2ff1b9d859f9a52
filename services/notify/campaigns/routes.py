"""HTTP door of campaigns."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.notify.auth import CanRead, CanSend, CanWrite
from services.notify.campaigns import handlers, queries, texts, trial
from services.notify.campaigns.drawing import draw_progress
from services.notify.campaigns.rules import CampaignStatus
from services.notify.campaigns.schemas import (
    CampaignLine,
    CampaignView,
    PlanCampaign,
    PreviewView,
    ProgressView,
    StepView,
    TriedView,
    TryCampaign,
)
from services.notify.settings import Settings
from shared.http import Cursor, Language, Limit, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["campaigns"], route_class=Route)

_SVG = "image/svg+xml"
Status = Annotated[CampaignStatus | None, Query(description="only those in this state")]


@router.post("/campaigns", status_code=201, summary="Plan a campaign and count its audience")
async def plan_campaign(command: PlanCampaign, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.plan_campaign(command, tx)


@router.get("/campaigns", summary="Campaigns, newest first")
async def list_campaigns(
    actor: CanRead,
    tx: Transaction,
    status: Status = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CampaignLine]:
    return await queries.list_campaigns(status, limit, cursor, tx)


@router.get("/campaigns/{campaign_id}", summary="How far a campaign is")
async def get_progress(campaign_id: UUID, actor: CanRead, tx: Transaction) -> ProgressView:
    return await queries.get_progress(campaign_id, tx)


@router.put("/campaigns/{campaign_id}", summary="Change a plan; its approval falls")
async def change_campaign(
    campaign_id: UUID, command: PlanCampaign, actor: CanWrite, tx: Transaction
) -> CampaignView:
    return await handlers.change_campaign(campaign_id, command, tx)


@router.get("/campaigns/{campaign_id}/preview", summary="Whom it would reach, and at what cost")
async def preview_campaign(
    campaign_id: UUID, request: Request, actor: CanRead, tx: Transaction
) -> PreviewView:
    settings: Settings = request.app.state.settings
    campaign = await queries.require_campaign(campaign_id, tx)
    providers = [each.name for each in settings.providers]
    return await texts.preview_of(campaign, providers, tx, settings.sending)


@router.get(
    "/campaigns/{campaign_id}/progress.svg",
    summary="How far it is, as a picture",
    response_class=Response,
    responses={200: {"content": {_SVG: {}}}},
)
async def draw(campaign_id: UUID, actor: CanRead, tx: Transaction, language: Language) -> Response:
    view = await queries.get_progress(campaign_id, tx)
    return Response(draw_progress(view, language), media_type=_SVG)


@router.get("/campaigns/{campaign_id}/history", summary="What was done with it, and by whom")
async def list_steps(
    campaign_id: UUID, actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[StepView]:
    return await queries.list_steps(campaign_id, limit, cursor, tx)


@router.post(
    "/campaigns/{campaign_id}/trial", status_code=202, summary="Text one's own phones first"
)
async def try_campaign(
    campaign_id: UUID, command: TryCampaign, request: Request, actor: CanSend, tx: Transaction
) -> TriedView:
    settings: Settings = request.app.state.settings
    return await trial.try_campaign(campaign_id, command, tx, settings.sending)


@router.post("/campaigns/{campaign_id}/approval", summary="Approve somebody else's campaign")
async def approve_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.approve_campaign(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/start", summary="Start a campaign, or go on")
async def start_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.start_campaign(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/pause", summary="Hold what has not gone yet")
async def pause_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.pause_campaign(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/stop", summary="End a campaign")
async def stop_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.stop_campaign(campaign_id, tx)
