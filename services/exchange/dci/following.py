"""Who follows a person's events: for herself, and for the administrator who answers for it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.exchange.dci.models import Partner, Subscription
from services.exchange.dci.profiles import PROFILES
from shared.db import Tx
from shared.subjects import current_subject, require_own


class FollowedView(BaseModel):
    """A subscription: which partner follows which event, for which purpose (in words, with the law
    or the consent it rests on), until when; `ended_because` where it ended before."""

    id: UUID
    partner: str
    event: str
    purpose_zh: str
    purpose_en: str
    source: str
    consent: str | None
    since: datetime
    until: datetime
    ended_at: datetime | None
    ended_because: str | None


async def list_followers(person_id: UUID, tx: Tx) -> list[FollowedView]:
    """Newest first. Raises NotFound for another person's."""
    await require_own(person_id, tx, "exchange:admin")
    current = await current_subject(person_id, tx)
    found = await tx.find(
        Subscription,
        "SELECT * FROM dci_subscriptions WHERE person_id = $1 ORDER BY id DESC",
        current,
    )
    tx.saw(current, "dci-subscription")
    return [await _view_of(each, tx) for each in found]


async def _view_of(subscription: Subscription, tx: Tx) -> FollowedView:
    partner = await tx.require(Partner, subscription.partner_id)
    asked = PROFILES[subscription.profile].purposes[subscription.purpose]
    return FollowedView(
        partner=partner.name,
        purpose_zh=asked.zh,
        purpose_en=asked.en,
        source=asked.source,
        consent=asked.consent,
        **subscription.model_dump(
            include={"id", "event", "since", "until", "ended_at", "ended_because"}
        ),
    )
