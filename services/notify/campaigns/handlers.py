"""Planning, approving, starting, pausing and stopping campaigns."""

from uuid import UUID

from services.notify.campaigns.models import Campaign, CampaignStep
from services.notify.campaigns.queries import require_campaign, view_of
from services.notify.campaigns.rules import CHANGEABLE, CampaignStatus, Step, may_move
from services.notify.campaigns.schemas import CampaignView, PlanCampaign
from services.notify.campaigns.texts import ids_of, texts_of
from services.notify.errors import (
    AlreadyExpired,
    ApprovalFallen,
    CampaignState,
    SecondPersonRequired,
)
from services.notify.templates.handlers import approve_template
from shared.actors import narrow
from shared.db import Tx
from shared.ids import new_id

_HOLD = "UPDATE messages SET status = 'held' WHERE campaign_id = $1 AND status = 'queued'"
_RELEASE = "UPDATE messages SET status = 'queued' WHERE campaign_id = $1 AND status = 'held'"
_CANCEL = """
UPDATE messages SET status = 'cancelled', reason = 'campaign-stopped', done_at = $2,
  body_sealed = NULL, phone_sealed = NULL
WHERE campaign_id = $1 AND status IN ('queued', 'held')
"""

_PLAN = (
    *("template", "variables", "purpose", "region", "facts"),
    *("rest_days", "start_at", "expires_at"),
)


async def plan_campaign(command: PlanCampaign, tx: Tx) -> CampaignView:
    """Write a campaign down and count whom it would reach. Raises OutsideJurisdiction,
    NoApprovedTemplate, PurposeMismatch, WrongVariables."""
    campaign = _planned(command, tx)
    await texts_of(campaign, tx)
    await tx.add(campaign)
    await note(campaign.id, Step.PLANNED, tx)
    return await view_of(campaign, tx)


async def change_campaign(campaign_id: UUID, command: PlanCampaign, tx: Tx) -> CampaignView:
    """Write another plan into a campaign that has not started; its approval falls. Raises
    CampaignNotFound, CampaignState, and what planning raises."""
    campaign = await require_campaign(campaign_id, tx, lock=True)
    if campaign.status not in CHANGEABLE:
        raise CampaignState()
    plan = _planned(command, tx)
    for name in _PLAN:
        setattr(campaign, name, getattr(plan, name))
    await texts_of(campaign, tx)
    campaign.changed_at, campaign.changed_by = tx.now, tx.actor.sub
    withdraw_approval(campaign)
    campaign.status = CampaignStatus.DRAFT
    await tx.save(campaign)
    await note(campaign_id, Step.CHANGED, tx)
    return await view_of(campaign, tx)


async def approve_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """Let a campaign be started as it is planned and worded now (审核). The text of one that the
    service proposed is approved with it. Raises CampaignNotFound, CampaignState,
    SecondPersonRequired for whoever planned or changed it, NoApprovedTemplate."""
    campaign = await require_campaign(campaign_id, tx, lock=True)
    texts = await texts_of(campaign, tx)
    fallen = campaign.approved_texts != ids_of(texts) and campaign.status in (
        CampaignStatus.APPROVED,
        CampaignStatus.PAUSED,
    )
    if not fallen and not may_move(campaign.status, CampaignStatus.APPROVED):
        raise CampaignState()
    if tx.actor.sub in (campaign.created_by, campaign.changed_by):
        raise SecondPersonRequired()
    for text in texts:
        if text.approved_at is None:
            await approve_template(text.id, tx)
    campaign.approved_at, campaign.approved_by = tx.now, tx.actor.sub
    campaign.approved_texts = ids_of(texts)
    if campaign.status == CampaignStatus.DRAFT:
        campaign.status = CampaignStatus.APPROVED
    await tx.save(campaign)
    await note(campaign_id, Step.APPROVED, tx)
    return await view_of(campaign, tx)


async def start_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """Let it run, or go on. Raises CampaignNotFound, CampaignState, AlreadyExpired;
    ApprovalFallen where a text was worded anew since it was approved."""
    campaign = await require_campaign(campaign_id, tx, lock=True)
    check_move(campaign, CampaignStatus.RUNNING)
    if campaign.expires_at is not None and campaign.expires_at <= tx.now:
        raise AlreadyExpired()
    if campaign.approved_texts != ids_of(await texts_of(campaign, tx)):
        raise ApprovalFallen()
    await move(campaign, CampaignStatus.RUNNING, Step.STARTED, tx)
    await tx.execute(_RELEASE, campaign_id)
    return await view_of(campaign, tx)


async def pause_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """Hold what has not gone yet. Raises CampaignNotFound, CampaignState."""
    campaign = await require_campaign(campaign_id, tx, lock=True)
    check_move(campaign, CampaignStatus.PAUSED)
    await pause(campaign, tx)
    return await view_of(campaign, tx)


async def stop_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """End it, and cancel what has not gone yet. Raises CampaignNotFound, CampaignState."""
    campaign = await require_campaign(campaign_id, tx, lock=True)
    check_move(campaign, CampaignStatus.STOPPED)
    await move(campaign, CampaignStatus.STOPPED, Step.STOPPED, tx)
    await tx.execute(_CANCEL, campaign_id, tx.now)
    return await view_of(campaign, tx)


async def pause(campaign: Campaign, tx: Tx, reason: str | None = None) -> None:
    """Hold a locked campaign and its texts; `reason` is a code."""
    await move(campaign, CampaignStatus.PAUSED, Step.PAUSED, tx, reason)
    await tx.execute(_HOLD, campaign.id)


async def move(
    campaign: Campaign, to: CampaignStatus, step: Step, tx: Tx, reason: str | None = None
) -> None:
    """Bring a locked campaign to another state and note it."""
    campaign.status = to
    await tx.save(campaign)
    await note(campaign.id, step, tx, reason)


def check_move(campaign: Campaign, to: CampaignStatus) -> None:
    if not may_move(campaign.status, to):
        raise CampaignState()


def withdraw_approval(campaign: Campaign) -> None:
    campaign.approved_at = campaign.approved_by = campaign.approved_texts = None


async def note(campaign_id: UUID, step: Step, tx: Tx, reason: str | None = None) -> None:
    """Keep who did what."""
    await tx.add(
        CampaignStep(
            id=new_id(),
            campaign_id=campaign_id,
            step=step,
            at=tx.now,
            by=tx.actor.sub,
            reason=reason,
        )
    )


def _planned(command: PlanCampaign, tx: Tx) -> Campaign:
    return Campaign(
        id=new_id(),
        template=command.template,
        variables=command.variables,
        purpose=command.purpose,
        region=narrow(tx.actor, command.region),
        facts=command.facts.model_dump(mode="json"),
        rest_days=command.rest_days,
        start_at=command.schedule.start_at,
        expires_at=command.schedule.expires,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
