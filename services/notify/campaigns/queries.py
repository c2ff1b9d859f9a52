"""Reading campaigns: counts only."""

from uuid import UUID

from services.notify.campaigns.audience import count_by_language
from services.notify.campaigns.models import Campaign, CampaignStep
from services.notify.campaigns.rules import CampaignStatus, Step, shown_count, unsubscribe_rate
from services.notify.campaigns.schemas import (
    CampaignLine,
    CampaignView,
    Facts,
    PeopleCount,
    ProgressView,
    StepView,
)
from services.notify.errors import CampaignNotFound
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_PAGE = """
SELECT * FROM campaigns WHERE starts_with(region, $1) AND ($2::uuid IS NULL OR id < $2)
  AND ($3::text IS NULL OR status = $3)
ORDER BY id DESC LIMIT $4
"""
_STEPS = """
SELECT * FROM campaign_steps WHERE campaign_id = $1 AND ($2::uuid IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""
_TEXTS = """
SELECT status, reason, count(*)::int AS texts, count(opted_out_at)::int AS unsubscribed,
       count(submitted_at)::int AS sent
FROM messages WHERE campaign_id = $1 GROUP BY status, reason ORDER BY status, reason
"""


async def require_campaign(campaign_id: UUID, tx: Tx, *, lock: bool = False) -> Campaign:
    """Raises CampaignNotFound, also outside the jurisdiction."""
    campaign = await tx.get(Campaign, campaign_id, lock=lock)
    if campaign is None:
        raise CampaignNotFound()
    return campaign


async def list_campaigns(
    status: CampaignStatus | None, limit: int, cursor: str | None, tx: Tx
) -> Page[CampaignLine]:
    """Campaigns of the actor's region, newest first."""
    found = await tx.find(Campaign, _PAGE, tx.actor.region, id_in(cursor), status, limit + 1)
    shown = found[:limit]
    return Page(
        items=[_line(each) for each in shown],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


async def list_steps(campaign_id: UUID, limit: int, cursor: str | None, tx: Tx) -> Page[StepView]:
    """What was done with a campaign, oldest first."""
    await require_campaign(campaign_id, tx)
    found = await tx.find(CampaignStep, _STEPS, campaign_id, id_in(cursor), limit + 1)
    shown = found[:limit]
    return Page(
        items=[
            StepView(step=Step(each.step), at=each.at, by=each.by, reason=each.reason)
            for each in shown
        ],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


async def get_progress(campaign_id: UUID, tx: Tx) -> ProgressView:
    campaign = await require_campaign(campaign_id, tx)
    states: dict[str, int] = {}
    failures: dict[str, int] = {}
    unsubscribed = sent = 0
    for row in await tx.fetch(_TEXTS, campaign_id):
        states[row["status"]] = states.get(row["status"], 0) + row["texts"]
        if row["reason"] is not None:
            failures[row["reason"]] = failures.get(row["reason"], 0) + row["texts"]
        unsubscribed += row["unsubscribed"]
        sent += row["sent"]
    view = await view_of(campaign, tx)
    return ProgressView(
        **view.model_dump(),
        texts=_shown(states),
        failures=_shown(failures),
        refusals=_shown(campaign.refusals),
        unsubscribed=shown_count(unsubscribed),
        unsubscribe_rate=unsubscribe_rate(unsubscribed, sent),
    )


async def view_of(campaign: Campaign, tx: Tx) -> CampaignView:
    audience = await count_by_language(campaign, tx)
    own = {"facts", "status", "audience", "accepted", "refused"}
    return CampaignView(
        **campaign.model_dump(include=set(CampaignView.model_fields) - own),
        facts=Facts.model_validate(campaign.facts),
        status=CampaignStatus(campaign.status),
        audience=shown_count(sum(audience.values())),
        accepted=shown_count(campaign.accepted),
        refused=shown_count(campaign.refused),
    )


def _line(campaign: Campaign) -> CampaignLine:
    return CampaignLine(
        **campaign.model_dump(include=set(CampaignLine.model_fields) - {"status", "accepted"}),
        status=CampaignStatus(campaign.status),
        accepted=shown_count(campaign.accepted),
    )


def _shown(counts: dict[str, int]) -> dict[str, PeopleCount]:
    return {name: shown_count(count) for name, count in counts.items()}
