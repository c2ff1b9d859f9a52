"""Decisions about campaigns and publicity, and by what an audience may be narrowed."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.campaigns import audience
from services.notify.campaigns.drawing import draw_progress
from services.notify.campaigns.rules import (
    CampaignStatus,
    may_move,
    shown_count,
    total_of,
    unsubscribe_rate,
)
from services.notify.campaigns.schemas import Facts, PlanCampaign, ProgressView, StayPurpose
from services.notify.publicity.handlers import default_days
from services.notify.publicity.rules import (
    fits_a_screen,
    greeting_texts,
    months_ahead,
    years_ahead,
)
from services.notify.publicity.schemas import EnterNews, SetPublicityDay
from shared.ids import new_id


def test_an_audience_is_narrowed_by_a_closed_list_of_facts() -> None:
    """Design §1: nothing about births, marriage, sex, age or health can choose who is texted. A
    new fact has to be put here by somebody who has read that."""
    assert set(Facts.model_fields) == {
        *("languages", "agreed_from", "agreed_to"),
        *("arrived_from", "arrived_to", "origins", "areas", "stay_purposes"),
    }
    assert {each.value for each in StayPurpose} == {"work", "business", "study", "family", "other"}
    assert set(PlanCampaign.model_fields) == {
        *("template", "variables", "purpose", "region", "facts", "rest_days", "schedule"),
    }
    asked = set(re.findall(r"\bc\.([a-z_]+)", audience._NEXT))
    assert asked == {
        *("person_id", "purpose", "active", "closed"),
        *("phone_index", "region", "language", "given_at"),
    }
    asked_of_stays = set(re.findall(r"\bs\.([a-z_]+)", audience._NEXT))
    assert asked_of_stays == {
        *("person_id", "ended", "arrived_on"),
        *("origin_province", "region", "stay_purpose"),
    }
    with pytest.raises(ValueError, match="extra"):
        Facts.model_validate({"sex": "2"})


def test_counts_are_rounded_and_small_groups_hidden() -> None:
    counts = [shown_count(n) for n in (0, 9, 10, 12, 13)]
    assert counts == ["fewer than 10", "fewer than 10", 10, 10, 15]


@given(st.integers(10, 10_000))
def test_one_person_more_or_less_is_not_told(people: int) -> None:
    told = {shown_count(people - 1), shown_count(people), shown_count(people + 1)}
    assert len(told) <= 2


def test_moves() -> None:
    assert not may_move("draft", CampaignStatus.RUNNING)
    assert may_move("draft", CampaignStatus.APPROVED)
    assert may_move("approved", CampaignStatus.RUNNING)
    assert not may_move("stopped", CampaignStatus.RUNNING)
    assert not may_move("draft", CampaignStatus.PAUSED)
    assert all(
        may_move(each, CampaignStatus.STOPPED) for each in CampaignStatus if each != "stopped"
    )


def test_what_texts_take_together() -> None:
    assert total_of([(100, 2), (12, 1)]) == 210
    assert total_of([(100, Decimal("4.5"))]) == Decimal(450)
    assert total_of([(6, 2), (3, 1)]) is None


def test_the_rate_of_those_who_said_stop() -> None:
    assert unsubscribe_rate(10, 400) == unsubscribe_rate(12, 401) == 0.025
    assert unsubscribe_rate(9, 400) is None


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 8), date(2026, 11, 15)),
        (date(2026, 11, 15), date(2026, 11, 15)),
        (date(2026, 11, 7), None),
        (date(2026, 11, 16), None),
    ],
)
def test_a_greeting_is_drafted_a_week_ahead(today: date, expected: date | None) -> None:
    assert months_ahead(today, 15, 7) == expected


def test_a_greeting_on_the_first_days_is_drafted_in_the_month_before() -> None:
    assert months_ahead(date(2026, 12, 28), 2, 7) == date(2027, 1, 2)
    assert months_ahead(date(2027, 1, 31), 1, 7) == date(2027, 2, 1)


def test_days_of_a_year_come_round() -> None:
    assert years_ahead(date(2026, 12, 25), 1, 3, 14) == date(2027, 1, 3)
    assert years_ahead(date(2026, 12, 1), 12, 1, 14) == date(2026, 12, 1)
    assert years_ahead(date(2026, 12, 2), 12, 1, 14) is None
    assert years_ahead(date(2027, 2, 20), 2, 29, 14) is None
    assert years_ahead(date(2028, 2, 20), 2, 29, 14) == date(2028, 2, 29)


def test_the_days_of_the_inventory_come_with_the_service() -> None:
    days = [(each.month, each.day) for each in default_days("420325")]
    assert days == [(3, 8), (5, 4), (5, 29), (6, 1), (7, 11), (9, 25), (12, 1)]
    assert all(each.source for each in default_days("420325"))


NEWS = {
    "region": "420325",
    "text_zh": "流感疫苗11月起免费接种，请到社区卫生服务中心。",
    "text_en": "Free flu shots from November at the health centre.",
    "from_on": "2026-11-01",
    "to_on": "2026-11-30",
}


def test_a_month_without_news_says_nothing() -> None:
    news = EnterNews.model_validate(NEWS)
    assert greeting_texts("您好：", "Hello:", [], 2) is None
    texts = greeting_texts("您好：", "Hello:", [news, news, news], 2)
    assert texts is not None
    assert texts["zh-CN"] == "您好：" + news.text_zh * 2
    assert texts["en"] == f"Hello: {news.text_en} {news.text_en}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text_zh": "字" * 135},
        {"text_zh": "请拨打13900000001。"},
        {"text_zh": "{name}您好。"},
        {"text_zh": "【别家】您好。"},
        {"text_en": ""},
        {"to_on": "2026-10-31"},
        {"to_on": "2028-10-31"},
        {"region": "x"},
    ],
)
def test_news_is_one_screen_and_names_nobody(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        EnterNews.model_validate(NEWS | wrong)


def test_a_screen() -> None:
    assert fits_a_screen("字" * 134)
    assert not fits_a_screen("字" * 135)


def test_there_is_no_thirtieth_of_february() -> None:
    day = {
        "region": "420325", "month": 2, "day": 30, "title_zh": "日", "title_en": "day",
        "text_zh": "您好。", "text_en": "Hello.", "source": "县文件",
    }  # fmt: skip
    with pytest.raises(ValueError, match="day"):
        SetPublicityDay.model_validate(day)


def _view(texts: dict[str, int | str]) -> ProgressView:
    now = datetime(2026, 11, 15, tzinfo=UTC)
    return ProgressView(
        id=new_id(), template="arrival-welcome", purpose="monthly-greeting", region="420325",
        facts=Facts(), rest_days=0, start_at=now, expires_at=None, status=CampaignStatus.RUNNING,
        occasion=None, audience=200, accepted=200, refused="fewer than 10", created_at=now,
        created_by="clerk-1", changed_at=None, changed_by=None, approved_at=now,
        approved_by="clerk-2", texts=texts, failures={}, refusals={}, unsubscribed="fewer than 10",
        unsubscribe_rate=None,
    )  # fmt: skip


def test_the_picture_shows_counts_and_no_small_group() -> None:
    svg = draw_progress(_view({"delivered": 150, "queued": 50, "failed": "fewer than 10"}), "zh")
    assert "已送达  150" in svg
    assert "待发  50" in svg
    assert "失败  &lt;10" in svg
    assert svg.count("<rect") == 2 + 2 + 3  # paper and track, two parts of the bar, three keys
    assert "delivered" in draw_progress(_view({"delivered": 150}), "en")
    assert "No texts yet" in draw_progress(_view({}), "en")
