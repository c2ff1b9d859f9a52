"""Reading news, publicity days and the rule of the greeting."""

from datetime import date
from uuid import UUID

from services.notify.publicity.models import GreetingRule, NewsItem, PublicityDay
from services.notify.publicity.schemas import (
    GreetingRuleView,
    NewsView,
    PublicityDayView,
    SetGreetingRule,
)
from shared.actors import narrow
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_PAGE = """
SELECT * FROM news_items WHERE starts_with(region, $1) AND ($2::uuid IS NULL OR id < $2)
ORDER BY id DESC LIMIT $3
"""
_DAYS = "SELECT * FROM publicity_days WHERE starts_with(region, $1) ORDER BY month, day, region"
_CURRENT = """
SELECT * FROM news_items WHERE region = $1 AND approved_at IS NOT NULL AND withdrawn_at IS NULL
  AND from_on <= $2 AND to_on >= $2
ORDER BY to_on, id
"""


async def list_news(limit: int, cursor: str | None, tx: Tx) -> Page[NewsView]:
    """All news of the actor's region, newest first."""
    found = await tx.find(NewsItem, _PAGE, tx.actor.region, id_in(cursor), limit + 1)
    shown = found[:limit]
    return Page(
        items=[news_view(each) for each in shown],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


async def news_of(region: str, day: date, tx: Tx) -> list[NewsItem]:
    """What a region has approved to tell on a day; what ends first comes first."""
    return await tx.find(NewsItem, _CURRENT, region, day)


async def list_days(tx: Tx) -> list[PublicityDayView]:
    """The calendar, from January to December."""
    found = await tx.find(PublicityDay, _DAYS, tx.actor.region)
    return [day_view(each) for each in found]


async def get_rule(region: str | None, tx: Tx) -> GreetingRuleView:
    """A region's rule, or the one that comes with the service. Raises OutsideJurisdiction."""
    region = narrow(tx.actor, region)
    rule = await tx.get(GreetingRule, region)
    if rule is not None:
        return GreetingRuleView.model_validate(rule.model_dump())
    default = SetGreetingRule(region=region)
    return GreetingRuleView(**default.model_dump(), changed_at=None, changed_by=None)


def news_view(item: NewsItem) -> NewsView:
    return NewsView.model_validate(item.model_dump(include=set(NewsView.model_fields)))


def day_view(day: PublicityDay) -> PublicityDayView:
    return PublicityDayView.model_validate(day.model_dump())


async def require_news(item_id: UUID, tx: Tx) -> NewsItem:
    """Raises NotFound, also outside the jurisdiction."""
    return await tx.require(NewsItem, item_id, lock=True)
