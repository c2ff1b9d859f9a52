"""Planning, starting, pausing and stopping campaigns, and the steps they take."""

from dataclasses import replace
from uuid import UUID

from services.notify.campaigns.models import Campaign
from services.notify.campaigns.queries import require_campaign, view_of
from services.notify.campaigns.rules import CampaignStatus, may_move
from services.notify.campaigns.schemas import CampaignView, PlanCampaign
from services.notify.errors import CampaignState, NoApprovedTemplate, PurposeMismatch
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.settings import Sending
from services.notify.templates.queries import DEFAULT_LANGUAGE, find_approved
from services.notify.templates.rules import fill
from shared.actors import narrow
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Problem

_NEXT = """
SELECT * FROM campaigns WHERE status = 'running' AND start_at <= $1
ORDER BY start_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_AUDIENCE = """
SELECT person_id FROM contacts
WHERE purpose = $1 AND active AND phone_index IS NOT NULL AND starts_with(region, $2)
  AND ($3::uuid IS NULL OR person_id > $3)
ORDER BY person_id LIMIT $4
"""
_HOLD = "UPDATE messages SET status = 'held' WHERE campaign_id = $1 AND status = 'queued'"
_RELEASE = "UPDATE messages SET status = 'queued' WHERE campaign_id = $1 AND status = 'held'"
_CANCEL = """
UPDATE messages SET status = 'cancelled', reason = 'campaign-stopped', done_at = $2
WHERE campaign_id = $1 AND status IN ('queued', 'held')
"""


async def plan_campaign(command: PlanCampaign, tx: Tx) -> CampaignView:
    """Write a campaign down and count whom it would reach. Raises OutsideJurisdiction,
    NoApprovedTemplate, PurposeMismatch, WrongVariables."""
    template = (await find_approved([command.template], tx)).choose(
        command.template, DEFAULT_LANGUAGE
    )
    if template is None:
        raise NoApprovedTemplate()
    if template.purpose != command.purpose:
        raise PurposeMismatch()
    fill(template.text, template.variables, command.variables, template.language)
    campaign = Campaign(
        id=new_id(),
        template=command.template,
        variables=command.variables,
        purpose=command.purpose,
        region=narrow(tx.actor, command.region),
        start_at=command.schedule.start_at,
        expires_at=command.schedule.expires,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    await tx.add(campaign)
    return await view_of(campaign, tx)


async def start_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """Let it run, or go on. Raises CampaignNotFound, CampaignState."""
    campaign = await _move(campaign_id, CampaignStatus.RUNNING, tx)
    await tx.execute(_RELEASE, campaign_id)
    return await view_of(campaign, tx)


async def pause_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """Hold what has not gone yet. Raises CampaignNotFound, CampaignState."""
    campaign = await _move(campaign_id, CampaignStatus.PAUSED, tx)
    await tx.execute(_HOLD, campaign_id)
    return await view_of(campaign, tx)


async def stop_campaign(campaign_id: UUID, tx: Tx) -> CampaignView:
    """End it, and cancel what has not gone yet. Raises CampaignNotFound, CampaignState."""
    campaign = await _move(campaign_id, CampaignStatus.STOPPED, tx)
    await tx.execute(_CANCEL, campaign_id, tx.now)
    return await view_of(campaign, tx)


async def advance_campaign(size: int, tx: Tx, sending: Sending) -> bool:
    """Queue texts for the next `size` people of one running campaign; False when none is due.
    Consent, stops, caps and quiet hours hold as for any text."""
    found = await tx.find(Campaign, _NEXT, tx.now)
    if not found:
        return False
    (campaign,) = found
    rows = await tx.fetch(_AUDIENCE, campaign.purpose, campaign.region, campaign.reached, size)
    commands = [_command(campaign, row["person_id"]) for row in rows]
    if commands:
        acting = replace(
            tx.actor, sub=f"{tx.actor.sub}:campaign:{campaign.id}", region=campaign.region
        )
        outcomes = await accept(
            commands, replace(tx, actor=acting), sending, campaign_id=campaign.id
        )
        refused = sum(isinstance(each, Problem) for each in outcomes)
        campaign.accepted += len(outcomes) - refused
        campaign.refused += refused
        campaign.reached = rows[-1]["person_id"]
    if len(rows) < size:
        campaign.status = CampaignStatus.DONE
    await tx.save(campaign)
    return True


def _command(campaign: Campaign, person_id: UUID) -> SendMessage:
    return SendMessage(
        reference=f"campaign:{campaign.id}:{person_id}",
        template=campaign.template,
        variables=campaign.variables,
        to=To(person_id=person_id),
        purpose=campaign.purpose,
        expires=campaign.expires_at,
    )


async def _move(campaign_id: UUID, to: CampaignStatus, tx: Tx) -> Campaign:
    campaign = await require_campaign(campaign_id, tx, lock=True)
    if not may_move(campaign.status, to):
        raise CampaignState()
    campaign.status = to
    await tx.save(campaign)
    return campaign
