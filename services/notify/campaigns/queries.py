"""Reading campaigns: counts only."""

from uuid import UUID

from services.notify.campaigns.models import Campaign
from services.notify.campaigns.rules import CampaignStatus, shown_count
from services.notify.campaigns.schemas import CampaignView, ProgressView
from services.notify.errors import CampaignNotFound
from shared.db import Tx

_AUDIENCE = """
SELECT count(*)::int FROM contacts
WHERE purpose = $1 AND active AND phone_index IS NOT NULL AND starts_with(region, $2)
"""


async def require_campaign(campaign_id: UUID, tx: Tx, *, lock: bool = False) -> Campaign:
    """Raises CampaignNotFound, also outside the jurisdiction."""
    campaign = await tx.get(Campaign, campaign_id, lock=lock)
    if campaign is None:
        raise CampaignNotFound()
    return campaign


async def get_progress(campaign_id: UUID, tx: Tx) -> ProgressView:
    campaign = await require_campaign(campaign_id, tx)
    rows = await tx.fetch(
        "SELECT status, count(*)::int AS texts FROM messages WHERE campaign_id = $1"
        " GROUP BY status ORDER BY status",
        campaign_id,
    )
    view = await view_of(campaign, tx)
    texts = {row["status"]: shown_count(row["texts"]) for row in rows}
    return ProgressView(**view.model_dump(), texts=texts)


async def view_of(campaign: Campaign, tx: Tx) -> CampaignView:
    audience = await tx.fetch_value(_AUDIENCE, campaign.purpose, campaign.region)
    return CampaignView(
        **campaign.model_dump(exclude={"variables", "reached", "status", "accepted", "refused"}),
        status=CampaignStatus(campaign.status),
        audience=shown_count(audience),
        accepted=shown_count(campaign.accepted),
        refused=shown_count(campaign.refused),
    )
