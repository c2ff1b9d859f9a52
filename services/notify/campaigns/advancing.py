"""The steps a running campaign takes: so many people at a time, each step one transaction."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from services.notify.campaigns.audience import next_people
from services.notify.campaigns.handlers import move, pause
from services.notify.campaigns.models import Campaign
from services.notify.campaigns.rules import CampaignStatus, Step
from services.notify.campaigns.texts import ids_of, texts_of
from services.notify.messages.handlers import accept
from services.notify.messages.schemas import SendMessage, To
from services.notify.settings import Sending
from shared.db import Tx
from shared.problems import Problem

_NEXT = """
SELECT * FROM campaigns WHERE status = 'running' AND start_at <= $1
ORDER BY start_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


async def advance_campaign(size: int, tx: Tx, sending: Sending) -> bool:
    """Queue texts for the next `size` people of one running campaign; False when none is due.
    Consent, stops, caps and quiet hours hold as for any text. A campaign whose text was worded
    anew since its approval is held; one that is stale is over."""
    found = await tx.find(Campaign, _NEXT, tx.now)
    if not found:
        return False
    (campaign,) = found
    if campaign.expires_at is not None and campaign.expires_at <= tx.now:
        await move(campaign, CampaignStatus.DONE, Step.DONE, tx, "expired")
    elif not await _as_approved(campaign, tx):
        await pause(campaign, tx, "approval-fallen")
    else:
        await _advance(campaign, size, tx, sending)
    return True


async def _advance(campaign: Campaign, size: int, tx: Tx, sending: Sending) -> None:
    people = await next_people(campaign, size, tx)
    if people:
        sub = f"{tx.actor.sub}:campaign:{campaign.id}"
        acting = replace(tx, actor=replace(tx.actor, sub=sub, region=campaign.region))
        commands = [_command(campaign, each) for each in people]
        outcomes = await accept(commands, acting, sending, campaign_id=campaign.id)
        refusals = Counter(each.type for each in outcomes if isinstance(each, Problem))
        campaign.accepted += len(outcomes) - refusals.total()
        campaign.refused += refusals.total()
        campaign.refusals = dict(refusals + Counter(campaign.refusals))
        campaign.reached = people[-1]
    if len(people) < size:
        await move(campaign, CampaignStatus.DONE, Step.DONE, tx)
    else:
        await tx.save(campaign)


async def _as_approved(campaign: Campaign, tx: Tx) -> bool:
    try:
        return campaign.approved_texts == ids_of(await texts_of(campaign, tx))
    except Problem:  # a template was taken away, or asks for other variables now
        return False


def _command(campaign: Campaign, person_id: UUID) -> SendMessage:
    return SendMessage(
        reference=f"campaign:{campaign.id}:{person_id}",
        template=campaign.template,
        variables=campaign.variables,
        to=To(person_id=person_id),
        purpose=campaign.purpose,
        expires=campaign.expires_at,
    )
