"""What the service proposes by itself: the monthly greeting and the publicity days; drafts only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notify.campaigns.handlers import approve_campaign, start_campaign
from services.notify.campaigns.models import Campaign
from services.notify.campaigns.texts import filled, preview_of, texts_of
from services.notify.errors import SecondPersonRequired
from services.notify.publicity.handlers import (
    approve_news,
    enter_news,
    load_days,
    set_day,
    set_rule,
    withdraw_news,
)
from services.notify.publicity.proposing import propose
from services.notify.publicity.schemas import EnterNews, SetGreetingRule, SetPublicityDay
from shared.actors import Actor, service_actor
from shared.clock import CHINA
from shared.db import Tx
from shared.ids import new_id
from shared.testing import make_actor
from tests.conftest import TxFactory
from tests.notify.campaign_samples import somebody
from tests.notify.conftest import Notify
from tests.notify.samples import OPEN
from tests.notify.test_campaigns_rules import NEWS

SERVICE = service_actor("notify", "org-test", "420325")
WEEK_AHEAD = datetime(2026, 11, 8, 9, tzinfo=CHINA)  # the greeting goes on the 15th
DAY = {
    "region": "420325", "month": 10, "day": 1, "title_zh": "国庆节", "title_en": "National Day",
    "text_zh": "国庆节快乐！服务中心假期值班，请拨12345。", "text_en": "Happy National Day!",
    "source": "县办公室 2026",
}  # fmt: skip


@asynccontextmanager
async def at(open_tx: TxFactory, now: datetime = WEEK_AHEAD) -> AsyncIterator[Tx]:
    async with open_tx("notify", actor=SERVICE, now=now.astimezone(UTC)) as tx:
        yield tx


def acting(tx: Tx, sub: str) -> Actor:
    tx.actor = make_actor(sub=sub)
    return tx.actor


async def news(tx: Tx, *, approve: bool = True, **overrides: Any) -> UUID:
    acting(tx, "clerk-1")
    item = await enter_news(EnterNews.model_validate(NEWS | overrides), tx)
    if approve:
        acting(tx, "clerk-2")
        await approve_news(item.id, tx)
    tx.actor = SERVICE
    return item.id


async def drafts(tx: Tx) -> dict[str | None, Campaign]:
    found = await tx.find(Campaign, "SELECT * FROM campaigns ORDER BY id")
    return {each.occasion: each for each in found}


async def said(campaign: Campaign, tx: Tx) -> dict[str, str]:
    return {each.language: filled(campaign, each) for each in await texts_of(campaign, tx)}


async def test_the_greeting_of_the_month_is_drafted_a_week_ahead_and_no_more(
    open_tx: TxFactory,
) -> None:
    async with at(open_tx) as tx:
        await news(tx)
        assert await propose(tx) == 1
        assert await propose(tx) == 0  # another replica, or an hour later
        campaign = (await drafts(tx))["greeting-2026-11"]
        assert (campaign.status, campaign.purpose) == ("draft", "monthly-greeting")
        assert campaign.start_at == datetime(2026, 11, 15, 10, tzinfo=CHINA)
        assert await said(campaign, tx) == {
            "zh-CN": "您好，本月便民消息：" + NEWS["text_zh"],
            "en": "Hello, useful to know this month: " + NEWS["text_en"],
        }
        preview = await preview_of(campaign, [], tx, OPEN)
        chinese = next(each for each in preview.samples if each.language == "zh-CN")
        assert chinese.providers[0].text.endswith(",拒收请回复R")
        acting(tx, "clerk-2")
        assert (await approve_campaign(campaign.id, tx)).status == "approved"
        assert await tx.fetch_value("SELECT count(*) FROM messages") == 0
        assert (await start_campaign(campaign.id, tx)).status == "running"
        tx.actor = SERVICE
        assert await propose(tx) == 0


@pytest.mark.parametrize(
    "overrides",
    [
        {"approve": False},
        {"from_on": "2026-11-16"},
        {"to_on": "2026-11-14"},
    ],
)
async def test_a_month_without_news_has_no_greeting(
    open_tx: TxFactory, overrides: dict[str, Any]
) -> None:
    async with at(open_tx) as tx:
        await news(tx, **overrides)
        assert await propose(tx) == 0
        assert await drafts(tx) == {}


async def test_in_other_weeks_nothing_is_drafted(open_tx: TxFactory) -> None:
    for now in (WEEK_AHEAD - timedelta(days=1), WEEK_AHEAD + timedelta(days=8)):
        async with at(open_tx, now) as tx:
            await news(tx)
            assert await propose(tx) == 0


async def test_other_news_words_the_draft_anew_and_its_approval_falls(
    open_tx: TxFactory,
) -> None:
    async with at(open_tx) as tx:
        first = await news(tx)
        await propose(tx)
        campaign = (await drafts(tx))["greeting-2026-11"]
        acting(tx, "clerk-2")
        await approve_campaign(campaign.id, tx)
        await news(tx, text_zh="医保缴费12月截止。", text_en="Pay health insurance by December.")
        assert await propose(tx) == 1
        campaign = (await drafts(tx))["greeting-2026-11"]
        assert (campaign.status, campaign.approved_by) == ("draft", None)
        assert "医保缴费" in (await said(campaign, tx))["zh-CN"]
        await withdraw_news(first, tx)
        assert await propose(tx) == 1
        assert NEWS["text_zh"] not in (await said(campaign, tx))["zh-CN"]


async def test_a_draft_whose_news_is_withdrawn_is_stopped(open_tx: TxFactory) -> None:
    async with at(open_tx) as tx:
        item = await news(tx)
        await propose(tx)
        await withdraw_news(item, tx)
        await propose(tx)
        assert (await drafts(tx))["greeting-2026-11"].status == "stopped"


async def test_the_county_says_when_and_whether(open_tx: TxFactory) -> None:
    async with at(open_tx) as tx:
        await news(tx)
        rule = {"region": "420325", "day": 10, "hour": 15, "source": "县卫健局 2026-3"}
        await set_rule(SetGreetingRule.model_validate(rule | {"active": False}), tx)
        assert await propose(tx) == 0
        await set_rule(SetGreetingRule.model_validate(rule), tx)
        assert await propose(tx) == 1
        campaign = (await drafts(tx))["greeting-2026-11"]
        assert campaign.start_at == datetime(2026, 11, 10, 15, tzinfo=CHINA)


async def test_a_publicity_day_proposes_a_draft(open_tx: TxFactory) -> None:
    async with at(open_tx, datetime(2026, 11, 20, tzinfo=CHINA)) as tx:
        await load_days(tx)
        await load_days(tx)
        assert await propose(tx) == 1
        campaign = (await drafts(tx))["day-2026-12-01"]
        assert (campaign.status, campaign.created_by) == ("draft", "service:notify")
        assert campaign.expires_at == datetime(2026, 12, 2, tzinfo=CHINA)
        with pytest.raises(SecondPersonRequired):
            await approve_campaign(campaign.id, tx)  # the service itself approves nothing
        assert await tx.fetch_value("SELECT count(*) FROM messages") == 0


async def test_the_county_edits_the_calendar(open_tx: TxFactory) -> None:
    async with at(open_tx, datetime(2026, 9, 20, 12, tzinfo=CHINA)) as tx:
        await load_days(tx)
        own = {"month": 9, "day": 25, "active": False}
        await set_day(SetPublicityDay.model_validate(DAY | own), tx)
        await load_days(tx)  # a restart does not bring back what the county switched off
        await set_day(SetPublicityDay.model_validate(DAY), tx)
        assert await propose(tx) == 1
        assert list(await drafts(tx)) == ["day-2026-10-01"]


async def test_the_doors_of_publicity(notify: Notify) -> None:
    entered = await notify.post("/news-items", NEWS)
    assert entered.status_code == 201, entered.text
    path = f"/news-items/{entered.json()['id']}"
    assert (await notify.post(f"{path}/approval", {})).status_code == 409  # her own
    async with somebody(notify) as second:
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 200
        assert (await second.post(f"/notify/v1{path}/approval")).status_code == 409
    assert (await notify.post(f"{path}/withdrawal", {})).status_code == 200
    listed = (await notify.get("/news-items"))["items"]
    assert [each["approved_by"] for each in listed] == ["clerk-2"]
    days = await notify.get("/publicity-days")
    assert len(days) == 7
    rule = await notify.get("/greeting-rule")
    assert (rule["day"], rule["changed_by"]) == (15, None)
    put = {"region": "420325", "day": 3, "source": "县文件"}
    changed = await notify.client.put("/notify/v1/greeting-rule", json=put)
    assert (changed.json()["day"], changed.json()["changed_by"]) == (3, "clerk-1")
    assert (await notify.client.put("/notify/v1/publicity-days", json=DAY)).status_code == 200
    for body in (NEWS | {"text_zh": "字" * 300}, {}, NEWS | {"region": "abc"}):
        assert (await notify.post("/news-items", body)).status_code == 422
    assert (await notify.post(f"/news-items/{new_id()}/approval", {})).status_code == 404


async def test_publicity_is_the_countys_own(notify: Notify) -> None:
    item = (await notify.post("/news-items", NEWS)).json()["id"]
    async with somebody(notify, region="420381") as foreign:
        assert (await foreign.post("/notify/v1/news-items", json=NEWS)).status_code == 403
        path = f"/notify/v1/news-items/{item}"
        assert (await foreign.post(f"{path}/approval")).status_code in (403, 404)
        assert (await foreign.get("/notify/v1/news-items")).json()["items"] == []
        assert (await foreign.get("/notify/v1/publicity-days")).json() == []
        assert (await foreign.put("/notify/v1/publicity-days", json=DAY)).status_code == 403
    async with somebody(notify, scope="notify:read") as reader:
        assert (await reader.post("/notify/v1/news-items", json=NEWS)).status_code == 403
