"""Whom a campaign is for: by consent, region and the few facts of schemas.Facts."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from services.notify.campaigns.models import Campaign
from services.notify.campaigns.schemas import Facts
from services.notify.contacts.queries import HAS_OPTED_OUT
from shared.clock import CHINA
from shared.db import Tx

# $7: since when a text of another campaign ($8 is this one) leaves somebody out; null: never.
_AUDIENCE = f"""
FROM contacts AS c
WHERE c.purpose = $1 AND c.active AND NOT c.closed AND c.phone_index IS NOT NULL
  AND starts_with(c.region, $2)
  AND ($3::uuid IS NULL OR c.person_id > $3)
  AND (cardinality($4::text[]) = 0 OR c.language = ANY($4))
  AND ($5::timestamptz IS NULL OR c.given_at >= $5)
  AND ($6::timestamptz IS NULL OR c.given_at <= $6)
  AND NOT {HAS_OPTED_OUT}
  AND ($7::timestamptz IS NULL OR NOT EXISTS (
    SELECT FROM messages AS m WHERE m.person_id = c.person_id AND m.created_at >= $7
      AND m.campaign_id IS NOT NULL AND m.campaign_id <> $8
      AND m.status NOT IN ('failed', 'cancelled')))
  AND (NOT $9::boolean OR EXISTS (
    SELECT FROM stays AS s WHERE s.person_id = c.person_id AND NOT s.ended
      AND ($10::date IS NULL OR s.arrived_on >= $10)
      AND ($11::date IS NULL OR s.arrived_on <= $11)
      AND (cardinality($12::text[]) = 0 OR s.origin_province = ANY($12))
      AND (cardinality($13::text[]) = 0
           OR EXISTS (SELECT FROM unnest($13) AS area WHERE starts_with(s.region, area)))
      AND (cardinality($14::text[]) = 0 OR s.stay_purpose = ANY($14))))
"""  # noqa: S608 a constant of our own
_NEXT = f"SELECT c.person_id {_AUDIENCE} ORDER BY c.person_id LIMIT $15"
_COUNT = f"SELECT c.language, count(*)::int AS people {_AUDIENCE} GROUP BY c.language"


async def next_people(campaign: Campaign, size: int, tx: Tx) -> list[UUID]:
    """The next `size` people after those the campaign has come to."""
    rows = await tx.fetch(_NEXT, *_arguments(campaign, campaign.reached, tx), size)
    return [row["person_id"] for row in rows]


async def count_by_language(campaign: Campaign, tx: Tx) -> Mapping[str, int]:
    """How many people there are now, by the language they chose."""
    rows = await tx.fetch(_COUNT, *_arguments(campaign, None, tx))
    return {row["language"]: row["people"] for row in rows}


def _arguments(campaign: Campaign, after: UUID | None, tx: Tx) -> list[Any]:
    facts = Facts.model_validate(campaign.facts)
    rested = tx.now - timedelta(days=campaign.rest_days) if campaign.rest_days else None
    return [
        campaign.purpose,
        campaign.region,
        after,
        facts.languages,
        _moment(facts.agreed_from, time.min),
        _moment(facts.agreed_to, time.max),
        rested,
        campaign.id,
        facts.by_stay,
        facts.arrived_from,
        facts.arrived_to,
        facts.origins,
        facts.areas,
        facts.stay_purposes,
    ]


def _moment(day: date | None, at: time) -> datetime | None:
    """A time of a day in China."""
    return None if day is None else datetime.combine(day, at, CHINA)
