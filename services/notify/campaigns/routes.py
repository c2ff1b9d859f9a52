"""HTTP door of campaigns."""

from uuid import UUID

from fastapi import APIRouter

from services.notify.auth import CanRead, CanWrite
from services.notify.campaigns import handlers, queries
from services.notify.campaigns.schemas import CampaignView, PlanCampaign, ProgressView
from shared.http import Route, Transaction

router = APIRouter(tags=["campaigns"], route_class=Route)


@router.post("/campaigns", status_code=201, summary="Plan a campaign and count its audience")
async def plan_campaign(command: PlanCampaign, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.plan_campaign(command, tx)


@router.get("/campaigns/{campaign_id}", summary="How far a campaign is")
async def get_progress(campaign_id: UUID, actor: CanRead, tx: Transaction) -> ProgressView:
    return await queries.get_progress(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/start", summary="Start a campaign, or go on")
async def start_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.start_campaign(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/pause", summary="Hold what has not gone yet")
async def pause_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.pause_campaign(campaign_id, tx)


@router.post("/campaigns/{campaign_id}/stop", summary="End a campaign")
async def stop_campaign(campaign_id: UUID, actor: CanWrite, tx: Transaction) -> CampaignView:
    return await handlers.stop_campaign(campaign_id, tx)
