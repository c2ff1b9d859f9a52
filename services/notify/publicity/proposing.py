"""Proposing campaigns (拟稿): drafts that wait for somebody's approval, and nothing more.

Each occasion (a month, a day of a year) has one campaign and one template, both by its code; so
several replicas, or a restart, propose it once. While it has not started and nobody has changed it
by hand, it follows what the county says meanwhile.
"""

from datetime import timedelta

from services.notify.campaigns.handlers import move, note, withdraw_approval
from services.notify.campaigns.models import Campaign
from services.notify.campaigns.rules import CHANGEABLE, CampaignStatus, Step
from services.notify.publicity.models import PublicityDay
from services.notify.publicity.queries import get_rule, news_of
from services.notify.publicity.rules import (
    PURPOSE,
    Wanted,
    end_of,
    greeting_texts,
    moment_of,
    months_ahead,
    years_ahead,
)
from services.notify.publicity.schemas import GreetingRuleView
from services.notify.templates.handlers import write_template
from services.notify.templates.rules import Kind
from services.notify.templates.schemas import WriteTemplate
from shared.db import Tx
from shared.ids import new_id

_GREETING_LASTS = timedelta(days=7)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('notify-proposals'))"
_DAYS = "SELECT * FROM publicity_days WHERE active AND region = $1 ORDER BY month, day"
_KNOWN = "SELECT * FROM campaigns WHERE region = $1 AND occasion = $2 FOR UPDATE"
_OPEN = """
SELECT * FROM campaigns WHERE region = $1 AND occasion LIKE 'greeting-%' AND start_at > $2
  AND status IN ('draft', 'approved') AND changed_by IS NULL FOR UPDATE
"""
_NEWEST = """
SELECT DISTINCT ON (language) language, text FROM templates
WHERE code = $1 AND withdrawn_at IS NULL ORDER BY language, version DESC
"""


async def propose(tx: Tx) -> int:
    """Draft what is coming up in the installation's region; returns how many drafts are new or
    worded anew. Doing it twice changes nothing more."""
    await tx.execute(_LOCK)
    rule = await get_rule(tx.actor.region, tx)
    wanted = [each for each in [await _greeting(rule, tx), *await _days(tx)] if each is not None]
    await _drop_stale(wanted, tx)
    return sum([await _propose(each, rule, tx) for each in wanted])


async def _greeting(rule: GreetingRuleView, tx: Tx) -> Wanted | None:
    """The greeting that is due for drafting; None in other weeks, and without news."""
    day = months_ahead(tx.today, rule.day, rule.ahead_days) if rule.active else None
    if day is None:
        return None
    news = await news_of(rule.region, day, tx)
    texts = greeting_texts(rule.opening_zh, rule.opening_en, news, rule.most_news)
    start_at = moment_of(day, rule.hour)
    if texts is None or start_at <= tx.now:
        return None
    occasion = f"greeting-{day:%Y-%m}"
    return Wanted(occasion, start_at, start_at + _GREETING_LASTS, texts, rule.rest_days)


async def _days(tx: Tx) -> list[Wanted | None]:
    return [_day(each, tx) for each in await tx.find(PublicityDay, _DAYS, tx.actor.region)]


def _day(day: PublicityDay, tx: Tx) -> Wanted | None:
    coming = years_ahead(tx.today, day.month, day.day, day.ahead_days)
    if coming is None or moment_of(coming, day.hour) <= tx.now:
        return None
    return Wanted(
        f"day-{coming:%Y-%m-%d}",
        moment_of(coming, day.hour),
        end_of(coming),
        {"zh-CN": day.text_zh, "en": day.text_en},
    )


async def _drop_stale(wanted: list[Wanted], tx: Tx) -> None:
    """A greeting whose last news was withdrawn has nothing to say: its draft is stopped."""
    occasions = {each.occasion for each in wanted}
    for campaign in await tx.find(Campaign, _OPEN, tx.actor.region, tx.now):
        if campaign.occasion not in occasions:
            await move(campaign, CampaignStatus.STOPPED, Step.STOPPED, tx, "no-news")


async def _propose(wanted: Wanted, rule: GreetingRuleView, tx: Tx) -> bool:
    found = await tx.find(Campaign, _KNOWN, tx.actor.region, wanted.occasion)
    if not found:
        await _write_texts(wanted, rule, tx)
        campaign = _draft(wanted, tx)
        await tx.add(campaign)
        await note(campaign.id, Step.PROPOSED, tx)
        return True
    (campaign,) = found
    if campaign.status not in CHANGEABLE or campaign.changed_by is not None:
        return False
    rows = await tx.fetch(_NEWEST, wanted.occasion)
    same = {row["language"]: row["text"] for row in rows} == wanted.texts
    if same and campaign.start_at == wanted.start_at:
        return False
    if not same:
        await _write_texts(wanted, rule, tx)
    campaign.start_at, campaign.expires_at = wanted.start_at, wanted.expires_at
    withdraw_approval(campaign)
    await move(campaign, CampaignStatus.DRAFT, Step.CHANGED, tx)
    return True


async def _write_texts(wanted: Wanted, rule: GreetingRuleView, tx: Tx) -> None:
    signatures = {"zh-CN": rule.signature_zh, "en": rule.signature_en}
    for language, text in wanted.texts.items():
        command = WriteTemplate(
            code=wanted.occasion,
            language=language,
            text=text,
            purpose=PURPOSE,
            signature=signatures[language],
            kind=Kind.PROMOTION,
        )
        await write_template(command, tx)


def _draft(wanted: Wanted, tx: Tx) -> Campaign:
    return Campaign(
        id=new_id(),
        template=wanted.occasion,
        variables={},
        purpose=PURPOSE,
        region=tx.actor.region,
        facts={},
        rest_days=wanted.rest_days,
        start_at=wanted.start_at,
        expires_at=wanted.expires_at,
        occasion=wanted.occasion,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
