"""Entering and approving news, and editing the calendar."""

import json
from importlib.resources import files
from uuid import UUID

from services.notify.errors import AlreadyApproved, SecondPersonRequired
from services.notify.publicity.models import GreetingRule, NewsItem, PublicityDay
from services.notify.publicity.queries import day_view, get_rule, news_view, require_news
from services.notify.publicity.schemas import (
    EnterNews,
    GreetingRuleView,
    NewsView,
    PublicityDayView,
    SetGreetingRule,
    SetPublicityDay,
)
from shared.actors import narrow
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Conflict, Text

_SOURCE = "inventory P3：宣传日 3.8、5.4、5.29、6.1、7.11、9.25、12.1(001§3)"
_SAME_DAY = "SELECT * FROM publicity_days WHERE region = $1 AND month = $2 AND day = $3 FOR UPDATE"
_DEFAULT = """
INSERT INTO publicity_days
  (id, region, month, day, title_zh, title_en, text_zh, text_en, hour, ahead_days, active, source,
   changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (region, month, day) DO NOTHING
"""


async def enter_news(command: EnterNews, tx: Tx) -> NewsView:
    """It waits for somebody else's approval. Raises OutsideJurisdiction."""
    item = NewsItem(
        id=new_id(),
        created_at=tx.now,
        created_by=tx.actor.sub,
        **command.model_dump() | {"region": narrow(tx.actor, command.region)},
    )
    await tx.add(item)
    return news_view(item)


async def approve_news(item_id: UUID, tx: Tx) -> NewsView:
    """Raises NotFound, AlreadyApproved, SecondPersonRequired, Conflict for what is withdrawn."""
    item = await require_news(item_id, tx)
    if item.withdrawn_at is not None:
        raise Conflict(Text("此消息已撤下", "This item was withdrawn"))
    if item.approved_at is not None:
        raise AlreadyApproved()
    if item.created_by == tx.actor.sub:
        raise SecondPersonRequired()
    item.approved_at, item.approved_by = tx.now, tx.actor.sub
    await tx.save(item)
    return news_view(item)


async def withdraw_news(item_id: UUID, tx: Tx) -> NewsView:
    """It is told no more (撤下): a greeting that has not started is worded anew without it, and
    needs another approval. Twice is once. Raises NotFound."""
    item = await require_news(item_id, tx)
    if item.withdrawn_at is None:
        item.withdrawn_at, item.withdrawn_by = tx.now, tx.actor.sub
        await tx.save(item)
    return news_view(item)


async def set_day(command: SetPublicityDay, tx: Tx) -> PublicityDayView:
    """Enter a day of the calendar, or replace what is said on it. Raises OutsideJurisdiction."""
    region = narrow(tx.actor, command.region)
    known = await tx.find(PublicityDay, _SAME_DAY, region, command.month, command.day)
    day = PublicityDay(
        id=known[0].id if known else new_id(),
        changed_at=tx.now,
        changed_by=tx.actor.sub,
        **command.model_dump() | {"region": region},
    )
    await (tx.save(day) if known else tx.add(day))
    return day_view(day)


async def set_rule(command: SetGreetingRule, tx: Tx) -> GreetingRuleView:
    """Raises OutsideJurisdiction."""
    region = narrow(tx.actor, command.region)
    known = await tx.get(GreetingRule, region, lock=True)
    rule = GreetingRule(
        changed_at=tx.now, changed_by=tx.actor.sub, **command.model_dump() | {"region": region}
    )
    await (tx.add(rule) if known is None else tx.save(rule))
    return await get_rule(region, tx)


def default_days(region: str) -> list[SetPublicityDay]:
    """The days of days.json, checked like any other."""
    text = files("services.notify.publicity").joinpath("days.json").read_text("utf-8")
    return [SetPublicityDay(region=region, source=_SOURCE, **each) for each in json.loads(text)]


async def load_days(tx: Tx) -> None:
    """Add the days of the inventory that the installation's region has no word on yet."""
    for day in default_days(tx.actor.region):
        values = day.model_dump()
        names = ("title_zh", "title_en", "text_zh", "text_en", "hour", "ahead_days", "active")
        await tx.execute(
            _DEFAULT,
            *(new_id(), day.region, day.month, day.day),
            *(values[name] for name in names),
            *(day.source, tx.now, tx.actor.sub),
        )
