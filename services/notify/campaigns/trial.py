"""Trying a campaign out (试发): its text in each language to the phones of whoever tries it."""

from datetime import datetime, time
from uuid import UUID

from services.notify.campaigns.handlers import note
from services.notify.campaigns.models import Campaign
from services.notify.campaigns.queries import require_campaign
from services.notify.campaigns.rules import CHANGEABLE, Step
from services.notify.campaigns.schemas import TriedView, TryCampaign
from services.notify.campaigns.texts import filled, texts_of
from services.notify.contacts.queries import find_opted_out
from services.notify.errors import CampaignState, DailyCapReached, OptedOut, TextTooLong
from services.notify.messages.deciding import shape_of
from services.notify.messages.drafts import Draft
from services.notify.messages.handlers import queue_for_officials
from services.notify.messages.rules import schedule
from services.notify.messages.segments import split
from services.notify.settings import Sending
from services.notify.templates.models import Template
from services.notify.templates.rules import OFFICIAL
from services.notify.templates.wordings import wording_for
from shared.clock import CHINA
from shared.db import Tx
from shared.ids import new_id

_TODAY = """
SELECT max(sent) FROM (
  SELECT count(*)::int AS sent FROM messages
  WHERE phone_index = ANY($1::bytea[]) AND created_at >= $2 GROUP BY phone_index) AS t
"""


async def try_campaign(
    campaign_id: UUID, command: TryCampaign, tx: Tx, sending: Sending
) -> TriedView:
    """Queue the trial texts, which belong to the office and not to the campaign: they are no part
    of its figures. They wait for a decent hour as the campaign's own will. Raises CampaignNotFound,
    CampaignState, NotAnOfficial, OptedOut, DailyCapReached, TextTooLong."""
    campaign = await require_campaign(campaign_id, tx)
    if campaign.status not in CHANGEABLE:
        raise CampaignState()
    texts = await texts_of(campaign, tx)
    numbers = {tx.vault.index(phone, "phone"): phone for phone in command.phones}
    if await find_opted_out(sorted(numbers), OFFICIAL, tx):
        raise OptedOut()
    midnight = datetime.combine(tx.today, time(), CHINA)
    sent = await tx.fetch_value(_TODAY, sorted(numbers), midnight) or 0
    if sent + len(texts) > sending.daily_per_number:
        raise DailyCapReached()
    drafts = [
        _draft(campaign, text, number, phone, tx, sending)
        for number, phone in numbers.items()
        for text in texts
    ]
    await queue_for_officials(drafts, tx)
    await note(campaign_id, Step.TRIED, tx)
    return TriedView(texts=len(drafts))


def _draft(
    campaign: Campaign, text: Template, number: bytes, phone: str, tx: Tx, sending: Sending
) -> Draft:
    message_id = new_id()
    body = wording_for(text, "", {}, sending).dress(filled(campaign, text))
    parts = len(split(body).parts)
    if parts > sending.max_parts:
        raise TextTooLong()
    due_at, expires_at = schedule(text.kind, tx.now, None, None, sending)
    reference = f"trial:{message_id}"
    return Draft(
        id=message_id,
        reference=reference,
        content_hash=tx.vault.index(reference, "messages.content"),
        person_id=None,
        body_sealed=tx.vault.seal(body, f"messages.body:{message_id}"),
        phone_sealed=tx.vault.seal(phone, f"messages.phone:{message_id}"),
        phone_index=number,
        shape=shape_of(text, OFFICIAL, tx.actor.region, parts, due_at, expires_at),
    )
